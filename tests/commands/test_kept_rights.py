"""What a role may not do: keep, or look at all rows. It is said before, and no row that is hidden is lost."""

import pytest

from tests.support.kept_ward import BED, NEXT, ROWS, ZERO
from tests.support.sample_app import SampleApp

KEEP = ("migrate", "ward", "--keep-dropped")


@pytest.fixture
def ward(tmp_path, empty, new_role):
    """`ward(operation)`: the project with it as next migration, and the role that owns its tables, and its URL."""

    def made(operation):
        app = SampleApp(tmp_path)
        app.migration(ZERO, BED)
        app.migration(NEXT, f"migrations.{operation}", after=("ward", ZERO), atomic=False)
        assert empty.run("migrate", "ward", ZERO, **app.variables).code == 0
        role = new_role()
        empty.execute(ROWS)
        empty.execute(f"""
            GRANT ALL ON SCHEMA public TO "{role}"; GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}";
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{role}"; ALTER TABLE ward_bed OWNER TO "{role}"
        """)
        return role, {"url": empty.server.url(empty.name, user=role)} | app.variables

    return made


def test_a_role_that_may_not_make_the_place_is_told_before(ward, empty):
    role, as_role = ward('RemoveField("Bed", "note")')

    checked = empty.run("precheck", "ward", "--keep-dropped", "--format", "json", **as_role)
    unchecked = empty.run(*KEEP, "--skip-precheck", **as_role)
    empty.execute(f'GRANT CREATE ON DATABASE {empty.name} TO "{role}"')
    granted = empty.run(*KEEP, **as_role)

    (found,) = [one for one in checked.json["findings"] if one["id"] == "recovery.E058"]
    assert (checked.code, found["hint"]) == (1, f'GRANT CREATE ON DATABASE "{empty.name}" TO "{role}";')
    assert (unchecked.code, granted.code) == (2, 0), unchecked.said + granted.said
    assert "recovery.E058" in unchecked.said
    assert empty.value("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'migrations_safety_kept'") == (
        f'"{role}"'
    )


def test_a_place_of_another_role_is_named(ward, empty):
    role, as_role = ward('RemoveField("Bed", "note")')
    empty.execute("CREATE SCHEMA migrations_safety_kept")

    refused = empty.run(*KEEP, **as_role)

    said = " ".join(refused.said.split())
    assert refused.code == 1, said
    assert f'migrations_safety_kept belongs to "postgres", of which "{role}" is no member' in said
    assert empty.value("SELECT count(note) FROM ward_bed") == 10


HIDE = "ALTER TABLE ward_bed ENABLE ROW LEVEL SECURITY; ALTER TABLE ward_bed FORCE ROW LEVEL SECURITY"


def test_rows_that_are_hidden_from_the_role_are_neither_dropped_nor_passed_over(ward, empty):
    role, as_role = ward('DeleteModel("Bed")')
    empty.execute(f'GRANT CREATE ON DATABASE {empty.name} TO "{role}"; {HIDE}')
    kept = empty.run(*KEEP, **as_role)
    empty.execute(f"""
        CREATE TABLE ward_bed (LIKE migrations_safety_kept.migrations_safety_kept_1_ward_bed);
        INSERT INTO ward_bed (id, name, note, n) VALUES (7, 'precious', 'x', 1);
        ALTER TABLE ward_bed OWNER TO "{role}"; {HIDE}
    """)

    counted = empty.run("purge_dropped", "--list", **as_role)
    restored = empty.run("restore_dropped", **as_role)

    assert (kept.code, counted.code, restored.code) == (0, 2, 2), counted.said + restored.said
    assert "row-level security" in restored.said
    assert empty.rows("SELECT name FROM ward_bed") == [("precious",)]


def test_values_that_are_hidden_from_the_role_are_carried_over_or_nothing_is(ward, empty):
    role, as_role = ward('RemoveField("Bed", "note")')
    empty.execute(f'GRANT CREATE ON DATABASE {empty.name} TO "{role}"; {HIDE}')
    kept = empty.run(*KEEP, **as_role)
    empty.execute("ALTER TABLE ward_bed ADD note text NOT NULL DEFAULT 'none'")
    empty.execute("UPDATE ward_bed SET note = 'newer' WHERE id = 3")

    restored = empty.run("restore_dropped", **as_role)
    empty.execute("ALTER TABLE ward_bed NO FORCE ROW LEVEL SECURITY")
    again = empty.run("restore_dropped", **as_role)

    assert (kept.code, restored.code, again.code) == (0, 2, 0), restored.said + again.said
    assert empty.rows("SELECT note FROM ward_bed WHERE id IN (3, 4) ORDER BY id") == [("newer",), ("note 4",)]
