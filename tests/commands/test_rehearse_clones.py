"""`rehearse --clone-command`: copies that a command gives, and none that may be the original."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


def rehearse(database, command, *arguments):
    return database.run("rehearse", "--writers", "0", "--format", "json", "--clone-command", command, *arguments)


@pytest.fixture
def snapshot_of(standby_of):
    """`snapshot_of(database)`: the same cluster on another server, with the same identifier, oid and name."""

    def snapshot_of(database):
        standby = standby_of(database)
        standby.execute("SELECT pg_promote()")
        standby.wait_for("SELECT NOT pg_is_in_recovery()")
        standby.close()
        return standby

    return snapshot_of


def test_a_snapshot_with_the_same_identity_is_rehearsed_on_and_removed(hospital, snapshot_of, tmp_path):
    before, catalog = row_snapshot(hospital), catalog_snapshot(hospital)
    hospital.close()
    snapshot = snapshot_of(hospital)
    removed = tmp_path / "removed"
    report = tmp_path / "rehearsal.json"
    command = f'test "$MIGRATIONS_SAFETY_CLONE_OF" = {hospital.name} && echo "{snapshot.url}"'
    cleanup = f'echo "$MIGRATIONS_SAFETY_CLONE_URL" > {removed}'

    result = rehearse(hospital, command, "--clone-cleanup-command", cleanup, "--report", f"json={report}")

    assert result.code == 0, result.said
    assert (result.json["copy"]["place"], result.json["copy"]["not_removed"]) == ("clone", [])
    assert removed.read_text().strip() == snapshot.url
    assert (row_snapshot(hospital), catalog_snapshot(hospital)) == (before, catalog)
    assert "copy for a rehearsal" in snapshot.value("SELECT shobj_description(oid, 'pg_database') FROM pg_database "
                                                    "WHERE datname = current_database()")  # fmt: skip
    assert hospital.run("migrate", "--rehearsed", str(report)).code == 0


def test_the_original_is_refused_and_not_cleaned_up(hospital, tmp_path):
    before, catalog = row_snapshot(hospital), catalog_snapshot(hospital)
    hospital.close()
    removed = tmp_path / "removed"

    result = rehearse(hospital, f'echo "{hospital.url}"', "--clone-cleanup-command", f"touch {removed}")

    assert result.code == 2 and "is the original itself; nothing was changed there" in result.said, result.said
    assert not removed.exists()
    assert (row_snapshot(hospital), catalog_snapshot(hospital)) == (before, catalog)
    assert hospital.value("SELECT shobj_description(oid, 'pg_database') FROM pg_database "
                          "WHERE datname = current_database()") is None  # fmt: skip


def test_the_primary_of_a_standby_and_a_standby_are_refused(hospital, standby_of):
    hospital.close()
    standby = standby_of(hospital)
    standby.close()

    primary = rehearse(standby, f'echo "{hospital.url}"')
    follower = rehearse(hospital, f'echo "{standby.url}"')

    assert primary.code == 2 and "cannot be told from the primary" in primary.said, primary.said
    assert follower.code == 2 and "is a standby" in follower.said, follower.said


def test_what_is_no_copy_is_refused(hospital, make, new_role):
    other = make("empty")
    role = new_role()
    other.execute(f'ALTER DATABASE "{other.name}" OWNER TO "{role}"')
    other.close()
    foreign = other.server.url(other.name, user=role, password="secret")

    for command, words in (
        (f'echo "{foreign}"', "so it is no copy"),
        (f'echo "{other.url}"', "the role of the URL may run programs there"),
        ("echo a-word", "is no URL with the name of a database"),
        ("true", "printed 0"),
        ("echo secret-of-patient >&2; exit 3", "ended with 3"),
        ("echo postgresql://somebody:hidden@127.0.0.1:1/copy", "does not answer"),
    ):
        result = rehearse(hospital, command)
        assert result.code == 2 and words in result.said, (command, result.said)
        assert "--clone-command by hand" in result.said
        assert "secret-of-patient" not in result.said and "hidden" not in result.said


def test_options_that_contradict_are_refused(hospital):
    assert rehearse(hospital, "true", "--scratch-url", "postgresql:///x").code == 2
    alone = hospital.run("rehearse", "--clone-cleanup-command", "true")
    assert alone.code == 2 and "--clone-command" in alone.said
