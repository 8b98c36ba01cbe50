"""Code that runs when a migration is unapplied: what it deletes or changes in tables that stay is rolled back."""

import pytest

from tests.support.rolled_back import roll_back, told

FIRST = """
    migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField()),
                                   ("n", models.IntegerField(null=True))]),
"""
ROWS = "INSERT INTO ward_bed (name, n) SELECT 'bed', i FROM generate_series(1, 5) i"
BEDS = "SELECT b::text FROM ward_bed b ORDER BY id"
CODE = """
def forwards(apps, editor): pass
def delete(apps, editor): apps.get_model("ward", "Bed").objects.filter(id__lte=3).delete()
def change(apps, editor): apps.get_model("ward", "Bed").objects.filter(id__lte=2).update(name="x")
def add(apps, editor): apps.get_model("ward", "Bed").objects.create(name="new")
"""
LOSES = {
    "lost 3 rows": "migrations.RunPython(forwards, delete)",
    "had 2 rows changed": "migrations.RunPython(forwards, change)",
    "was emptied": "migrations.RunSQL('SELECT 1', 'TRUNCATE ward_bed')",
    "was dropped with what it held": "migrations.RunSQL('SELECT 1', 'DROP TABLE ward_bed')",
    "lost a column": "migrations.RunSQL('SELECT 1', 'ALTER TABLE ward_bed DROP COLUMN name')",
}


@pytest.mark.parametrize("how", LOSES)
def test_what_it_loses_is_rolled_back_and_said(ward, how):
    database = ward(FIRST, ROWS, LOSES[how], before=CODE)
    beds = database.rows(BEDS)

    report = roll_back("0001")

    assert report.verdict == "stopped"
    assert [(one.id, one.subject) for one in report.blocking] == [("recovery.E008", "ward_bed")]
    assert report.blocking[0].message.startswith(f"{how} when the code of ward.0002_next ran.")
    again = "python manage.py rollback_migrations ward 0001 --accept-code ward.0002_next"
    assert report.blocking[0].hint.endswith(f"backup_database --output DIR, then {again}")
    assert database.rows(BEDS) == beds
    assert database.value("SELECT count(*) FROM django_migrations WHERE name = '0002_next'") == 1


HARMLESS = {
    "it adds rows": "migrations.RunPython(forwards, add)",
    "it changes what goes": """
        migrations.CreateModel("Cot", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunSQL("SELECT 1", "DELETE FROM ward_cot")
    """,
    "django changes rows beside it": """
        migrations.RunSQL("UPDATE ward_bed SET n = 1", "SELECT 1"), migrations.AddField("Bed", "m", models.TextField(
            null=True)), migrations.RemoveField("Bed", "m"), migrations.AlterField("Bed", "n", models.IntegerField())
    """,
}


@pytest.mark.parametrize("what", HARMLESS)
def test_code_that_loses_nothing_runs(ward, what):
    ward(FIRST, ROWS, HARMLESS[what], before=CODE)

    report = roll_back("0001")

    assert (report.verdict, told(report)) == ("rolled back", [])


def test_outside_of_a_transaction_nobody_could_undo_it(ward):
    database = ward(FIRST, ROWS, LOSES["lost 3 rows"], before=CODE, atomic=False)
    beds = database.rows(BEDS)

    report = roll_back("0001")

    assert (report.verdict, told(report)) == ("refused", [("recovery.E007", "ward.0002_next", None)])
    assert database.rows(BEDS) == beds


@pytest.mark.parametrize("atomic", [True, False])
def test_a_person_may_accept_it_with_a_backup(ward, atomic, tmp_path):
    database = ward(FIRST, ROWS, LOSES["lost 3 rows"], before=CODE, atomic=atomic)

    without = roll_back("0001", accepted_code=("ward.0002_next",))
    done = database.run("backup_database", "--output", str(tmp_path / "backups"), "--restore-test", "--no-progress")
    assert done.code == 0, done.said
    report = roll_back("0001", accepted_code=("ward.0002_next",))

    assert (without.verdict, {one.id.partition(".")[0] for one in without.blocking}) == ("refused", {"backup"})
    assert (report.verdict, told(report)) == ("rolled back", [])
    assert database.value("SELECT count(*) FROM ward_bed") == 2
