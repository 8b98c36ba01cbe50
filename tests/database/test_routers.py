"""What the project's database routers keep off a database is neither made, counted, missed nor verified there."""

import pytest
from django.db import migrations, models

from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.operations import CreateEnum
from migrations_safety.plan.planned_migration import count_operations, planned
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.precheck import precheck
from migrations_safety.schema import routing
from migrations_safety.verification import verification
from migrations_safety.verification.scope import of_registered
from tests.database.test_operations import forwards
from tests.support.in_process import fill

CUSTOMER = migrations.CreateModel("Customer", [("id", models.BigAutoField(primary_key=True))])


class Router:
    """Keeps the apps of `away` off every database, and what hints say so; remembers what it was asked with."""

    def __init__(self, *away):
        self.away = away
        self.asked = []

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        self.asked.append((app_label, model_name, sorted(hints)))
        return False if app_label in self.away or hints.get("target") == "elsewhere" else None


@pytest.fixture
def router(settings):
    def install(*away):
        settings.DATABASE_ROUTERS = [Router(*away)]
        return settings.DATABASE_ROUTERS[0]

    return install


def migration(*operations):
    return type("Migration", (migrations.Migration,), {"operations": list(operations)})("0002_more", "shop")


def counts(*operations):
    return {kind: count for kind, count in count_operations([migration(*operations)], "default").items() if count}


def test_a_module_that_belongs_elsewhere_is_not_counted(hospital, in_process, router):
    in_process(hospital)
    router("patients", "ehr")

    report = precheck.run(using="default")

    assert set(report.plan.operations.values()) == {0}
    assert (report.plan.keys, report.plan.creates, report.findings) == ((), frozenset(), ())
    assert {one.enums for one in report.plan.migrations} == {()}


def test_an_enum_is_made_and_dropped_where_its_app_belongs(hospital, in_process, router):
    in_process(hospital)
    router("ehr")
    forwards(CreateEnum("colour", ["RED"]))
    assert catalog.enum_labels(connection_of("default"), "colour") == ()

    router()
    forwards(CreateEnum("colour", ["RED"]))
    router("ehr")
    forwards(CreateEnum("colour", ["RED"]), "database_backwards")

    assert catalog.enum_labels(connection_of("default"), "colour") == ("RED",)


def test_hints_of_an_enum_go_to_the_routers(hospital, in_process, router):
    in_process(hospital)
    router()
    elsewhere = CreateEnum("colour", ["RED"], hints={"target": "elsewhere"})

    forwards(elsewhere)

    assert catalog.enum_labels(connection_of("default"), "colour") == ()
    assert counts(elsewhere) == {}
    assert planned(migration(elsewhere), "default").enums == ()
    assert elsewhere.deconstruct() == ("CreateEnum", ("colour", ["RED"]), {"hints": {"target": "elsewhere"}})


def test_each_operation_is_counted_where_it_runs(router):
    asked = router("shop")
    operations = [
        CUSTOMER,
        migrations.AddField("customer", "code", models.TextField()),
        migrations.AddIndex("Customer", models.Index(fields=["code"], name="code")),
        migrations.RenameModel("Customer", "Payer"),
        migrations.RunSQL("SELECT 1", hints={"target": "here"}),
        migrations.SeparateDatabaseAndState([migrations.DeleteModel("Payer")]),
    ]

    assert counts(*operations) == {}
    assert [name for _, name, _ in asked.asked] == ["customer", "customer", "customer", "payer", None, "payer"]
    assert asked.asked[4][2] == ["target"]

    router()
    assert counts(*operations) == {"create_table": 1, "create_index": 1, "other": 4}


def test_routers_get_the_model_where_there_is_one(router):
    asked = router()

    routing.has_model("default", "patients", "Patient")
    routing.has_model("default", "patients", "Gone")

    assert asked.asked == [("patients", "patient", ["model"]), ("patients", "gone", [])]


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        (lambda: fill(), "No table that placeholders are made in belongs to the database alias"),
        (lambda: fill(dry_run=True), "No table that placeholders are made in belongs to"),
        (
            lambda: verification.run(of_registered("patients"), using="default"),
            'No table of the app "patients" belongs to the database alias "default".',
        ),
    ],
)
def test_where_nothing_belongs_nothing_is_called_covered_or_verified(hospital, in_process, router, look, reason):
    in_process(hospital)
    router("patients")

    with pytest.raises(CouldNotLook, match=reason):
        look()

    assert hospital.value("SELECT to_regclass('django_migrations') IS NULL")
