"""Names along the search_path: a command works on the schema where new tables are made, and on no other."""

import pytest
from django.core.management import call_command

from migrations_safety.backfill import backfill
from migrations_safety.management.commands.migrate import migrate_to
from migrations_safety.messages.refusals.privilege import MayNotUseSchema
from migrations_safety.messages.refusals.tables import TablesMissing
from migrations_safety.messages.refusals.target import HistoryElsewhere, NoSchema
from migrations_safety.migrate import own_tables
from migrations_safety.operations import CreateEnum
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.precheck import precheck
from migrations_safety.verification import verification
from tests.database.test_operations import forwards
from tests.support.in_process import fill
from tests.support.precheck_findings import look, told
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


LOOKS = {
    "precheck": lambda **expected: precheck.run(using="default", **expected),
    "backfill": lambda **expected: backfill.run(using="default", migrate=migrate_to, **expected),
    "restore": lambda **expected: backfill.restore(using="default", **expected),
    "verify": lambda **expected: verification.run(using="default", app_label="patients", **expected),
    "migrate": lambda **expected: call_command("migrate", verbosity=0, **expected),
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_history_of_one_schema_is_not_read_for_another(two_clinics, in_process, look):
    in_process(two_clinics, url=two_clinics.along("clinic_c,public"))
    before = row_snapshot(two_clinics)

    with pytest.raises(Exception, match=r"target\.E009") as refused:
        LOOKS[look]()

    assert (
        'Django\'s record of migrations is in the schema "public", but new tables would go into "clinic_c", the '
        "first schema of the search_path (clinic_c,public). Nothing was checked."
    ) in str(refused.value)
    assert row_snapshot(two_clinics) == before


def test_the_hint_about_two_histories_leads_on_either_way(two_clinics, in_process):
    in_process(two_clinics, url=two_clinics.along("clinic_c,public"))
    with pytest.raises(HistoryElsewhere) as refused:
        precheck.run(using="default")
    hint = refused.value.hint

    in_process(two_clinics, url=two_clinics.along("public"))
    of_public = precheck.run(using="default")
    two_clinics.execute(hint[hint.index("CREATE TABLE") :])
    in_process(two_clinics, url=two_clinics.along("clinic_c,public"))
    of_clinic_c = precheck.run(using="default")

    assert "-c search_path=public" in hint
    assert (of_public.target.schema, of_public.plan.changes_something) == ("public", False)
    assert (of_clinic_c.target.schema, of_clinic_c.plan.changes_something) == ("clinic_c", True)


def test_what_public_has_is_neither_found_nor_hinted_at(clinic_c):
    clinic_c.execute(
        """CREATE TYPE public."PatientStatus_other" AS ENUM ('x'); CREATE TABLE public.visits ("patientId" uuid)"""
    )

    report = precheck.run(using="default")

    assert {one.id for one in report.findings} == {"references.E001", "references.W003"}
    assert [one.label for one in report.plan.adopted] == ["ehr.0001_initial"]
    (index,) = (one.hint for one in report.findings if one.id == "references.W003")
    assert index == 'CREATE INDEX CONCURRENTLY ON clinic_c.insurance_policies ("patientId");'
    (census,) = report.data.censuses
    assert sum(one.total_rows for one in census.references) == 1


def test_placeholders_keys_records_and_types_are_made_in_the_own_schema(clinic_c):
    before = of_public(clinic_c)

    filled = fill()
    call_command("migrate", verbosity=0)
    verified = verification.run(using="default", app_label="patients")

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
    findings = verification.run(using="default", app_label="patients").findings

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


@pytest.mark.parametrize("look", LOOKS)
def test_another_schema_than_the_expected_one_is_refused(hospital, in_process, look):
    in_process(hospital)
    before = row_snapshot(hospital)

    with pytest.raises(Exception, match=r"target\.E008") as refused:
        LOOKS[look](expect_schema="clinic_c")

    assert (
        'New tables would go into the schema "public" (search_path "$user", public), but "clinic_c" was expected. '
        "Nothing was checked."
    ) in str(refused.value)
    assert row_snapshot(hospital) == before


def test_the_expected_schema_is_looked_at(hospital, in_process):
    in_process(hospital)

    assert precheck.run(using="default", expect_schema="public").target.schema == "public"


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("ALTER ROLE {role} SET search_path = nowhere", "ALTER ROLE {role} SET search_path = public;"),
        (
            'ALTER ROLE {role} IN DATABASE "{name}" SET search_path = nowhere',
            'ALTER ROLE {role} IN DATABASE "{name}" SET search_path = public;',
        ),
        ('ALTER DATABASE "{name}" SET search_path = nowhere', 'ALTER DATABASE "{name}" SET search_path = public;'),
    ],
)
def test_a_path_to_nowhere_is_told_with_the_command_for_where_it_is_set(hospital, new_role, in_process, setting, hint):
    words = {"role": f'"{new_role()}"', "name": hospital.name}
    role = words["role"].strip('"')
    hospital.execute(f"GRANT postgres TO {words['role']}")
    hospital.execute(setting.format(**words))
    in_process(hospital, url=hospital.server.url(hospital.name, user=role))

    with pytest.raises(NoSchema) as refused:
        precheck.run(using="default")

    assert str(refused.value) == (
        f'target.E007: The search_path of the role "{role}" names no schema that exists (nowhere). Nothing was checked.'
    )
    assert refused.value.hint == hint.format(**words)
    connection_of("default").close()
    hospital.execute(hint.format(**words))
    assert precheck.run(using="default").target.schema == "public"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "names no schema that exists (it is empty)"),
        ("nowhere,%22No%5C%20Where%22", 'names no schema that exists (nowhere,"No Where")'),
        ("%22$user%22", 'names no schema that exists ("$user")'),
        ("pg_catalog,public", "begins with the system's own schema pg_catalog (pg_catalog,public)"),
    ],
)
def test_a_path_without_a_schema_for_tables_is_told_as_what_it_is(hospital, in_process, path, problem):
    in_process(hospital, url=hospital.along(path))

    with pytest.raises(NoSchema) as refused:
        precheck.run(using="default")

    assert problem in str(refused.value)
    assert refused.value.hint == (
        "In the connection's options (DATABASES, DATABASE_URL or PGOPTIONS): -c search_path=public"
    )


def test_a_schema_that_may_not_be_used_is_told_as_a_missing_right(hospital, new_role, in_process):
    role = new_role()
    hospital.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    in_process(hospital, url=hospital.server.url(hospital.name, user=role))

    with pytest.raises(MayNotUseSchema) as refused:
        precheck.run(using="default")

    assert str(refused.value) == (
        f'privilege.E006: The role "{role}" may not use the schema public, and no other schema of its search_path '
        '("$user", public) exists. Nothing was checked.'
    )
    hospital.execute(refused.value.hint.partition(": ")[2])
    connection_of("default").close()
    with pytest.raises(Exception, match=r"privilege\.E001"):  # and now it comes to the tables
        precheck.run(using="default")


def test_the_schema_of_the_role_comes_first_where_it_is_there(empty, new_role, in_process):
    role = new_role()
    empty.execute(f'CREATE SCHEMA "{role}" AUTHORIZATION "{role}"')
    in_process(empty, url=empty.server.url(empty.name, user=role))

    report = precheck.run(using="default")
    call_command("migrate", verbosity=0)

    assert report.target.schema == role
    assert (
        empty.value("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'patients'") == f'"{role}"'
    )


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


def test_a_schema_that_is_passed_over_for_a_missing_right_is_told(hospital, new_role, in_process):
    role = new_role()
    hospital.execute(f"""CREATE SCHEMA clinic_c; GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}";
                         ALTER ROLE "{role}" SET search_path = nowhere, clinic_c, public""")
    in_process(hospital, url=hospital.server.url(hospital.name, user=role))
    before = look()
    hospital.execute(before["target.W004"][0].hint.partition(": ")[2].partition(" or ")[0])

    after = look()

    assert told(before, "target.W004") == [
        f'the schema clinic_c comes first in the search_path, but the role "{role}" may not use it. '
        "PostgreSQL uses public instead."
    ]
    assert "target.W004" not in after
