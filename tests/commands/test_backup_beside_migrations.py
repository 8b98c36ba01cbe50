"""A backup or a copy that begins while tables are emptied or rewritten: no rows are missing without a word."""

import pytest

from tests.support.backups import hidden_and_archives

pytestmark = pytest.mark.any_postgresql
TOLD = "CREATE TABLE other (n int); CREATE TABLE told AS SELECT 1 AS one"
WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s)"


NEW_FILES = "gave new files to told while it began"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("TRUNCATE told", NEW_FILES),
        ("ALTER TABLE told ALTER one TYPE bigint", NEW_FILES),
        ("DROP TABLE told", 'relation "public.told" does not exist'),
    ],
)
def test_a_table_that_is_changed_after_the_snapshot_is_not_taken_for_an_empty_one(empty, tmp_path, statement, reason):
    empty.execute(TOLD)
    arguments = ("backup_database", "--output", str(tmp_path / "x"))
    with empty.session("LOCK TABLE other") as holder, empty.start(*arguments) as running:
        empty.wait_for(WAITS, "%pg_table_size%")
        empty.execute(statement)
        holder.rollback()
        _, said = running.communicate(timeout=60)

    assert (running.returncode, "Traceback" in said) == (2, False), said
    assert reason in said
    assert hidden_and_archives(tmp_path / "x") == []


def test_a_rehearsal_does_not_take_it_for_an_empty_one_either(empty):
    empty.execute(TOLD)
    with empty.session("LOCK TABLE other") as holder, empty.start("rehearse") as running:
        empty.wait_for(WAITS, "LOCK TABLE%")
        empty.execute("TRUNCATE told")
        holder.rollback()
        _, said = running.communicate(timeout=60)

    assert running.returncode == 2, said
    assert NEW_FILES in said
