"""The engine of django-pg-zero-downtime-migrations under our migrate: statements that are lists, no transactions."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.sample_app import SETTINGS, SampleApp

ENGINE = """
DATABASES["default"]["ENGINE"] = "django_zero_downtime_migrations.backends.postgres"
ZERO_DOWNTIME_MIGRATIONS_LOCK_TIMEOUT = "2s"
ZERO_DOWNTIME_MIGRATIONS_STATEMENT_TIMEOUT = "20s"
ZERO_DOWNTIME_MIGRATIONS_FLEXIBLE_STATEMENT_TIMEOUT = True
"""
ALONE = "INSTALLED_APPS.remove('migrations_safety')\n"
TABLES = """
    migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]),
    migrations.CreateModel("Stay", [
        ("id", models.BigAutoField(primary_key=True)),
        ("bed", models.ForeignKey("ward.Bed", models.CASCADE)),
        ("days", models.IntegerField(null=True)),
    ]),
"""
CHANGES = """
    migrations.AddField("stay", "code", models.CharField(max_length=9, null=True, unique=True)),
    migrations.AddField("stay", "next", models.ForeignKey("ward.Bed", models.CASCADE, null=True, related_name="+")),
    migrations.AddIndex("stay", models.Index(fields=["days"], name="stay_days")),
    migrations.AddConstraint("stay", models.CheckConstraint(condition=models.Q(days__gt=0), name="stay_days_check")),
    migrations.AddConstraint("stay", models.UniqueConstraint(fields=["days", "bed"], name="stay_unique")),
    migrations.RunPython(lambda apps, editor: apps.get_model("ward", "Bed").objects.create(name="new")),
    migrations.AlterField("stay", "days", models.IntegerField(default=1)),
    migrations.RunSQL("UPDATE ward_stay SET days = 2"),
    migrations.RemoveField("stay", "code"),
"""


@pytest.fixture
def ward(tmp_path):
    ward = SampleApp(tmp_path)
    ward.write("ward_settings.py", SETTINGS + ENGINE)
    ward.write("alone_settings.py", SETTINGS + ENGINE + ALONE)
    ward.migration("0001_initial", TABLES)
    return ward


def test_the_hospital_is_migrated_and_verified(hospital, ward):
    done = hospital.run("migrate", **ward.variables)
    verified = hospital.run("verify_patient_schema", **ward.variables)
    nothing = hospital.run("precheck", **ward.variables)

    assert (done.code, verified.code, nothing.code) == (0, 0, 0), done.said + verified.said + nothing.said


def test_the_catalog_ends_as_with_the_engine_alone(make, ward):
    ward.migration("0002_more", CHANGES, after=("ward", "0001_initial"))
    together, alone = make("empty"), make("empty")

    done = together.run("migrate", **ward.variables)
    plain = alone.run("migrate", **ward.variables | {"DJANGO_SETTINGS_MODULE": "alone_settings"})

    assert (done.code, plain.code) == (0, 0), done.said + plain.said
    assert catalog_snapshot(together) == catalog_snapshot(alone)
    assert together.value("SELECT count(*) FROM ward_bed") == 1
    assert together.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert together.value("SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == 0


def test_it_gives_way_on_our_ladder(empty, ward):
    empty.run("migrate", **ward.variables)
    ward.migration("0002_more", CHANGES, after=("ward", "0001_initial"))
    with empty.session("SELECT FROM ward_stay") as reader, empty.start("migrate", **ward.variables) as process:
        waits = next(line for line in process.stderr if "waits for a lock" in line)
        empty.execute("INSERT INTO ward_bed (name) VALUES ('beside')")
        reader.rollback()
        _, said = process.communicate(timeout=120)

    assert waits.startswith("ALTER TABLE")
    assert process.returncode == 0, said
