from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from migrations_safety.operations import CreateEnum, ValidateForeignKey
from migrations_safety.plan.planned_migration import KINDS, count_operations


def migration(*operations):
    made = migrations.Migration("0001_made", "made")
    vars(made)["operations"] = list(operations)
    return made


def counts(*operations):
    return {kind: count for kind, count in count_operations([migration(*operations)], "default").items() if count}


def of_project(app, name):
    return count_operations([MigrationLoader(None).graph.nodes[app, name]], "default")


def test_the_patient_module_has_the_figures_of_the_review():
    assert of_project("patients", "0001_initial") == {
        "create_enum": 1,
        "create_table": 6,
        "create_index": 24,
        "add_foreign_key": 10,
        "validate_foreign_key": 0,
        "other": 0,
    }
    assert of_project("ehr", "0002_patient_keys_not_valid")["add_foreign_key"] == 5
    assert of_project("ehr", "0003_validate_patient_keys")["validate_foreign_key"] == 5


def test_no_migration_counts_as_nothing_of_each_kind():
    assert count_operations([], "default") == dict.fromkeys(KINDS, 0)


def test_what_django_makes_by_itself_beside_a_table_is_counted():
    table = migrations.CreateModel(
        "Visit",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("ward", models.ForeignKey("made.Ward", models.CASCADE)),
            ("code", models.CharField(max_length=9, db_index=True)),
            ("staff", models.ManyToManyField("made.Staff")),
        ],
        {"indexes": [models.Index(fields=["code", "ward"], name="visit_code_ward")]},
    )

    assert counts(table) == {"create_table": 2, "create_index": 3, "add_foreign_key": 1}


def test_the_table_of_a_many_to_many_field_with_its_own_model_is_not_counted_twice():
    field = models.ManyToManyField("made.Staff", through="made.Shift")
    table = migrations.CreateModel("Visit", [("id", models.BigAutoField(primary_key=True)), ("staff", field)])

    assert counts(table) == {"create_table": 1}


def test_proxies_and_foreign_tables_are_no_tables():
    assert counts(migrations.CreateModel("Proxy", [], {"proxy": True})) == {}
    assert counts(migrations.CreateModel("View", [], {"managed": False})) == {}


def test_changes_of_the_state_alone_are_no_operations():
    inside = migrations.SeparateDatabaseAndState(
        database_operations=[CreateEnum("Colour", ["RED"])],
        state_operations=[migrations.CreateModel("Unmade", [("id", models.BigAutoField(primary_key=True))])],
    )

    assert counts(inside) == {"create_enum": 1}


def test_operations_of_all_kinds_are_told_apart():
    assert counts(
        migrations.AddIndex("visit", models.Index(fields=["code"], name="visit_code")),
        ValidateForeignKey("visit", "visit_ward_fkey"),
        migrations.RunSQL("SELECT 1"),
        migrations.RemoveField("visit", "code"),
    ) == {"create_index": 1, "validate_foreign_key": 1, "other": 2}
