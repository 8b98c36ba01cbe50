"""A rollback that may lose rows was killed in the middle: the same command with the same number goes on."""

import pytest

from tests.support.rolled_back import roll_back, told

pytestmark = pytest.mark.slow

FIRST = """
    migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]),
"""
ROWS = "INSERT INTO ward_bed (name) SELECT 'bed' FROM generate_series(1, 5) i"
THEN = (
    'migrations.AddField("Bed", "note", models.TextField(default=""))',
    'migrations.AddField("Bed", "mark", models.TextField(default=""))',
)
FAILS = """
    CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as if it were killed'; END $$;
    CREATE TRIGGER fails BEFORE DELETE ON django_migrations FOR EACH ROW WHEN (OLD.name = '0002_next')
    EXECUTE FUNCTION fails()
"""


def test_what_is_lost_already_is_counted_with_the_number(ward, tmp_path):
    database = ward(FIRST, ROWS, *THEN)
    database.execute("UPDATE ward_bed SET note = 'a', mark = 'b' WHERE id < 3")
    done = database.run("backup_database", "--output", str(tmp_path / "backups"), "--restore-test", "--no-progress")
    assert done.code == 0, done.said
    database.execute(FAILS)

    try:
        roll_back("0001", discard=4)
    except Exception as error:
        assert "as if it were killed" in str(error)
    database.execute("DROP TRIGGER fails ON django_migrations; UPDATE ward_bed SET note = 'c' WHERE id = 5")
    more = roll_back("0001", discard=4)
    database.execute("UPDATE ward_bed SET note = '' WHERE id = 5")
    other = roll_back("0001", discard=5)
    rest = roll_back("0001", discard=4)

    assert [one[0] for one in told(more)] == ["recovery.E003", "recovery.E001"]
    assert [one[0] for one in told(other)] == ["recovery.E003", "recovery.E001"]
    assert (rest.verdict, told(rest)) == ("rolled back", [])
