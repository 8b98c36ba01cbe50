"""What goes wrong on the copy is found on the copy: a step that fails, a rollback that loses, one that fails."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.row_snapshot import row_snapshot
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.slow


@pytest.fixture
def rehearsed(empty, tmp_path):
    """`rehearsed(operations)`: the findings that are errors, with what they say."""
    empty.execute("CREATE TABLE beds (id int PRIMARY KEY, places int); INSERT INTO beds VALUES (1, 0), (2, 4)")
    before = row_snapshot(empty), catalog_snapshot(empty)

    def rehearsed(*operations):
        ward = SampleApp(tmp_path)
        ward.migration("0001_initial", ", ".join(operations))
        result = empty.run("rehearse", "ward", "--writers", "0", "--format", "json", **ward.variables)
        assert result.code == 1, result.said
        assert (row_snapshot(empty), catalog_snapshot(empty)) == before
        return {
            one["id"]: (one["subject"], one["message"]) for one in result.json["findings"] if one["level"] == "error"
        }

    return rehearsed


def test_a_step_that_fails_is_told_with_its_state_and_its_migration(rehearsed):
    found = rehearsed("migrations.RunSQL('UPDATE beds SET places = 100 / places', '')")

    assert list(found) == ["rehearsal.E001"]
    subject, message = found["rehearsal.E001"]
    assert subject == "the step migrate"
    assert "SQLSTATE 22012" in message and "In ward.0001_initial, operation 1 of 1" in message


def test_a_rollback_that_changes_rows_and_leaves_objects_is_found(rehearsed):
    found = rehearsed(
        "migrations.RunSQL('UPDATE beds SET places = 1 WHERE id = 1', migrations.RunSQL.noop)",
        "migrations.RunSQL('CREATE INDEX left_over ON beds (places)', migrations.RunSQL.noop)",
    )

    assert found == {
        "rehearsal.E003": ("the table public.beds", "does not have the rows from before after deploy and rollback."),
        "rehearsal.E005": ("the schema", "is not as before after deploy and rollback."),
    }


def test_a_rollback_that_fails_is_found(rehearsed):
    found = rehearsed("migrations.RunSQL('ALTER TABLE beds ADD COLUMN free int', 'ALTER TABLE beds DROP COLUMN fre')")

    assert list(found) == ["rehearsal.E006"]
    assert found["rehearsal.E006"][0] == "the step rollback ward" and "SQLSTATE 42703" in found["rehearsal.E006"][1]
