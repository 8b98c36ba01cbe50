"""What stands in the schema where new tables are made is looked at and changed, and nothing in any other."""

import pytest
from django.core.management import call_command

from migrations_safety.messages.refusals.tables import TablesMissing
from migrations_safety.migrate import own_tables
from migrations_safety.operations import CreateEnum
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.precheck import precheck
from migrations_safety.verification import verification
from migrations_safety.verification.scope import of_registered
from tests.database.test_operations import forwards
from tests.support.in_process import fill
from tests.support.row_snapshot import row_snapshot

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"
OWN_HISTORY = "CREATE TABLE clinic_c.django_migrations (LIKE public.django_migrations INCLUDING ALL)"


@pytest.fixture
def clinic_c(two_clinics, in_process):
    """Clinic_c with a history of its own, and this process connected along clinic_c,public."""
    two_clinics.execute(OWN_HISTORY)
    in_process(two_clinics, url=two_clinics.along("clinic_c,public"))
    return two_clinics


def of_public(database):
    return {name: rows for name, rows in row_snapshot(database).items() if name.startswith("public.")}


def types_of(database, schema):
    return database.rows("SELECT typname FROM pg_type WHERE typtype = 'e' AND typnamespace = %s::regnamespace", schema)


def test_what_public_has_is_neither_found_nor_hinted_at(clinic_c):
    clinic_c.execute(
        """CREATE TYPE public."PatientStatus_other" AS ENUM ('x'); CREATE TABLE public.visits ("patientId" uuid)"""
    )

    report = precheck.run(using="default")

    assert {one.id for one in report.findings} == {"references.E001", "references.W003", "application.I001"}
    assert [one.label for one in report.plan.adopted] == ["ehr.0001_initial"]
    (index,) = (one.hint for one in report.findings if one.id == "references.W003")
    assert index == 'CREATE INDEX CONCURRENTLY ON clinic_c.insurance_policies ("patientId");'
    (census,) = report.data.censuses
    assert sum(one.total_rows for one in census.references) == 1


def test_placeholders_keys_records_and_types_are_made_in_the_own_schema(clinic_c):
    before = of_public(clinic_c)

    filled = fill()
    call_command("migrate", verbosity=0)
    verified = verification.run(of_registered("patients"), using="default")

    assert (filled.created, filled.target.schema, verified.verdict) == (1, "clinic_c", "verified")
    assert clinic_c.rows("SELECT id::text FROM clinic_c.patients") == [(ONE,)]
    assert clinic_c.value("SELECT count(*) FROM clinic_c.migrations_safety_run") > 0
    assert types_of(clinic_c, "clinic_c") == types_of(clinic_c, "public") == [("PatientStatus",)]
    to = "SELECT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
    assert clinic_c.rows(to, "clinic_c.bills") == [("clinic_c.patients",)]
    assert of_public(clinic_c) == before


def test_the_way_back_drops_what_stands_in_the_own_schema_alone(clinic_c):
    clinic_c.execute("DELETE FROM clinic_c.bills")
    call_command("migrate", verbosity=0)
    before = of_public(clinic_c)

    call_command("migrate", "patients", "zero", verbosity=0)

    assert types_of(clinic_c, "clinic_c") == []
    assert types_of(clinic_c, "public") == [("PatientStatus",)]
    assert clinic_c.value("SELECT to_regclass('clinic_c.patients') IS NULL")
    assert of_public(clinic_c) == before


def test_the_way_back_leaves_an_enum_that_only_another_schema_has(clinic_c):
    clinic_c.execute("CREATE TYPE public.colour AS ENUM ('RED')")

    forwards(CreateEnum("colour", ["RED"]), "database_backwards")

    assert ("colour",) in types_of(clinic_c, "public")


def test_an_enum_of_another_schema_with_other_labels_is_not_in_the_way(clinic_c):
    clinic_c.execute("CREATE TYPE public.colour AS ENUM ('BLUE')")

    forwards(CreateEnum("colour", ["RED"]))

    assert catalog.enum_labels(connection_of("default"), "colour") == ("RED",)
    assert catalog.enum_labels(connection_of("default"), '"public"."colour"') == ("BLUE",)


def test_a_table_that_only_another_schema_has_is_missing(clinic_c):
    clinic_c.execute("DELETE FROM clinic_c.bills")
    call_command("migrate", verbosity=0)
    clinic_c.execute("DROP TABLE clinic_c.bills")

    with pytest.raises(TablesMissing, match="Missing: the table bills"):
        fill(dry_run=True)
    findings = verification.run(of_registered("patients"), using="default").findings

    assert ("schema.E013", "bills.bills_patientId_fkey") in {(one.id, one.subject) for one in findings}
    before = of_public(clinic_c)
    with pytest.raises((Exception, SystemExit)):
        call_command("migrate", "ehr", "0001", verbosity=0, format="json", output="/dev/null")
    assert of_public(clinic_c) == before
    assert clinic_c.value("SELECT count(*) FROM pg_constraint WHERE conname = 'bills_patientId_fkey'") == 1


@pytest.mark.parametrize("option", ["fake_initial", "run_syncdb"])
def test_django_does_not_take_the_tables_of_another_schema_for_its_own(migrated, in_process, option):
    migrated.execute(f"CREATE SCHEMA clinic_c; {OWN_HISTORY}")
    in_process(migrated, url=migrated.along("clinic_c,public"))

    call_command("migrate", verbosity=0, **{option: True})

    assert migrated.value("SELECT to_regclass('clinic_c.patients') IS NOT NULL")
    assert migrated.value("SELECT to_regclass('clinic_c.bills') IS NOT NULL")


def test_what_django_sees_of_tables_is_as_before_afterwards(clinic_c):
    def seen():
        return set(connection_of("default").introspection.table_names())

    along_the_path = seen()
    with own_tables.only_own_tables(connection_of("default")):
        own = seen()

    assert "patients" in along_the_path
    assert "patients" not in own
    assert {"bills", "django_migrations"} <= own
    assert seen() == along_the_path


def test_a_schema_that_code_sets_later_is_the_one_that_is_worked_on(clinic_c, in_process):
    in_process(clinic_c)
    with connection_of("default").cursor() as cursor:
        cursor.execute("SET search_path = clinic_c")

    report = precheck.run(using="default")

    assert (report.target.schema, [one.label for one in report.plan.adopted]) == ("clinic_c", ["ehr.0001_initial"])


def test_a_table_whose_name_says_its_schema_is_that_one(clinic_c):
    names = ["bills", '"public"."bills"', 'public"."bills', '"bills"']

    found = catalog.tables(connection_of("default"), names)

    assert [found[name].schema for name in names] == ["clinic_c", "public", "public", "clinic_c"]
    assert [found[name].to_paste for name in names] == ["clinic_c.bills", "bills", "bills", "clinic_c.bills"]


def test_types_of_extensions_are_known_wherever_on_the_path(clinic_c):
    with connection_of("default").cursor() as cursor:
        clinic_c.execute("CREATE DOMAIN public.ci_text AS text")
        cursor.execute("SELECT NULL::ci_text")
        from migrations_safety.schema.columns import _resolve

        assert set(_resolve(connection_of("default"), {"ci_text", "nothing_of_the_kind"})) == {"ci_text"}
