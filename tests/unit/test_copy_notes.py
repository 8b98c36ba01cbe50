"""Notes of copies on other servers: where they are, and which of them are taken for those of killed runs."""

import os

import pytest

from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.copies import CopyOf
from migrations_safety.postgresql.copy_notes import forget, noted, notes_of, taken

OF = CopyOf(oid=7, system_identifier="1", name="hospital")
PLACE = {"host": "db:1", "port": 5433, "user": "a/b", "password": "secret", "dbname": "copy 1", "autocommit": True}


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def left(id, *, of=OF, **place):
    """A note as a kill leaves it."""
    with noted(of=of, made_for="rehearsal", id=id, by_command=True) as note:
        if place:
            note.tell_place(place, marker="m")
        assert [one.is_at_work for one in notes_of(of) if one.id == id] == [True]
        note.stays = True


def test_a_note_of_a_killed_run_has_the_place_without_the_password(folder):
    left("a", **PLACE)

    [note] = notes_of(OF)

    assert (note.is_at_work, note.words) == (False, "copy 1 on db:1:5433")
    assert note.url == "postgresql://a%2Fb@db%3A1:5433/copy%201"
    assert "secret" not in note.file.read_text() and note.file.stat().st_mode & 0o077 == 0
    with taken(note) as is_ours, taken(note) as is_theirs:
        assert (is_ours, is_theirs) == (True, False)
    forget(note)
    with taken(note) as is_ours:
        assert not is_ours
    assert notes_of(OF) == []


def test_only_notes_of_this_database_count_and_a_line_that_a_kill_has_cut_does_not(folder):
    left("a")
    left("b", of=CopyOf(oid=7, system_identifier="2", name="hospital"))
    left("c", of=CopyOf(oid=7, system_identifier=None, name="hospital"))
    left("d", of=CopyOf(oid=8, system_identifier="1", name="hospital"))
    [note] = [one for one in notes_of(OF) if one.id == "a"]
    with note.file.open("a") as file:
        file.write('{"of": {"oid"')
    note.file.with_name("e.copy").write_text("")
    note.file.with_name("f.copy").write_text("[]\n")

    assert [(one.id, one.words) for one in notes_of(OF)] == [
        ("a", "with MIGRATIONS_SAFETY_CLONE_ID a"),
        ("c", "with MIGRATIONS_SAFETY_CLONE_ID c"),
    ]


def test_without_a_folder_for_state_it_is_beside_temporary_files_and_never_in_that_of_others(folder):
    (folder / "state").write_text("no folder")
    left("a")
    [note] = notes_of(OF)
    own = folder / f"migrations-safety-copies-{os.geteuid()}"
    assert note.file.parent == own

    own.chmod(0o777)  # anybody may have put it there

    assert notes_of(OF) == []
    with pytest.raises(NoCopy, match="no note of it can be written"), noted(
        of=OF, made_for="rehearsal", id="b", by_command=True
    ):  # fmt: skip
        pass
