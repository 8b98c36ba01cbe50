"""Which schema the search_path leads to: a command works there, or says why not and what to type."""

import pytest
from django.core.management import call_command

from migrations_safety.backfill import backfill
from migrations_safety.management.commands.migrate import migrate_to
from migrations_safety.messages.refusals.privilege import MayNotUseSchema
from migrations_safety.messages.refusals.target import HistoryElsewhere, NoSchema
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.precheck import precheck
from migrations_safety.verification import verification
from migrations_safety.verification.scope import of_registered
from tests.support.precheck_findings import look, told
from tests.support.row_snapshot import row_snapshot

LOOKS = {
    "precheck": lambda **expected: precheck.run(using="default", **expected),
    "backfill": lambda **expected: backfill.run(using="default", migrate=migrate_to, **expected),
    "restore": lambda **expected: backfill.restore(using="default", **expected),
    "verify": lambda **expected: verification.run(of_registered("patients"), using="default", **expected),
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
