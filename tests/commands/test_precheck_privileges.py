"""Findings of the area `privilege`, each made to happen by a role that really lacks the right."""

import pytest

from tests.support.factories import REFERENCING, PatientFactory, refer
from tests.support.precheck_findings import look, told

TABLES = ("users", *REFERENCING)
ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"


@pytest.fixture
def owner(new_role):
    return new_role()


@pytest.fixture
def owned(hospital, owner):
    """The hospital, its tables belonging to a role that is no superuser."""
    hospital.execute(f'GRANT CREATE, USAGE ON SCHEMA public TO "{owner}"')
    for table in TABLES:
        hospital.execute(f'ALTER TABLE {table} OWNER TO "{owner}"')
    return hospital


def as_role(database, role):
    return database.server.url(database.name, user=role)


def test_the_owner_of_the_tables_needs_nothing_more(owned, owner, in_process):
    in_process(owned, url=as_role(owned, owner))

    assert look() == {}
    assert owned.run("migrate", url=as_role(owned, owner)).code == 0


def test_a_role_with_select_alone_sees_all_there_is_to_see(hospital, new_role):
    reader = new_role()
    hospital.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    refer(hospital, "bills", ONE)

    result = hospital.run("precheck", "--format", "json", url=as_role(hospital, reader))

    assert result.code == 1, result.said
    (bills,) = (one for one in result.json["references"] if one["table"] == "bills")
    assert bills["orphan_rows"] == 1
    areas = {one["id"].partition(".")[0] for one in result.json["findings"] if one["level"] != "info"}
    assert areas == {"privilege", "references"}


def test_a_role_with_select_alone_can_look_after_everything_too(migrated, new_role):
    reader = new_role()
    migrated.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')

    result = migrated.run("precheck", "--format", "json", url=as_role(migrated, reader))

    assert (result.code, result.json["findings"]) == (0, [])


def test_a_table_that_may_not_be_read_is_named_and_nothing_is_called_clean(hospital, new_role):
    reader = new_role()
    hospital.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"; REVOKE ALL ON bills FROM "{reader}"')

    result = hospital.run("precheck", "--format", "json", url=as_role(hospital, reader))

    assert (result.code, result.out) == (2, "")
    assert f'privilege.E001: The role "{reader}" may not read bills. Nothing was checked.' in result.err
    assert f'GRANT SELECT ON bills TO "{reader}";' in result.err


def test_who_does_not_own_a_table_may_not_add_a_key_to_it(owned, owner, in_process):
    owned.execute(f'ALTER TABLE bills OWNER TO postgres; GRANT SELECT ON bills TO "{owner}"')
    in_process(owned, url=as_role(owned, owner))

    found = look()

    assert set(found) == {"privilege.E002"}
    assert told(found, "privilege.E002") == [f'bills belongs to "postgres", so the role "{owner}" may not alter it.']
    assert owned.run("migrate", url=as_role(owned, owner)).code != 0


def test_the_role_of_a_superuser_is_not_to_be_granted_but_the_table_given(owned, owner, new_role, in_process):
    other = new_role()
    owned.execute(f'ALTER TABLE bills OWNER TO postgres; GRANT SELECT ON bills TO "{owner}"')
    owned.execute(f'ALTER TABLE insurance_policies OWNER TO "{other}"')
    owned.execute(f'GRANT SELECT ON insurance_policies TO "{owner}"')
    in_process(owned, url=as_role(owned, owner))

    found = look()
    hints = {one.subject: one.hint for one in found["privilege.E002"]}
    owned.execute(f'ALTER TABLE bills OWNER TO "{owner}"')

    assert hints == {
        "bills": (
            'Run migrate as "postgres", or give the table to a role that deploys, such as this one: '
            f'ALTER TABLE bills OWNER TO "{owner}";'
        ),
        "insurance_policies": f'GRANT "{other}" TO "{owner}"; or run migrate as "{other}".',
    }
    assert [one.subject for one in look()["privilege.E002"]] == ["insurance_policies"]


def test_a_member_of_the_owning_role_counts_as_owner(owned, owner, new_role, in_process):
    member = new_role()
    owned.execute(f'GRANT "{owner}" TO "{member}"')
    in_process(owned, url=as_role(owned, member))

    assert look() == {}


def test_a_parent_may_have_to_be_referenced(owned, owner, in_process):
    owned.execute(f'ALTER TABLE users OWNER TO postgres; GRANT SELECT ON users TO "{owner}"')
    in_process(owned, url=as_role(owned, owner))
    before = look()
    owned.execute(f'GRANT REFERENCES ON users TO "{owner}"')

    after = look()

    assert told(before, "privilege.E003") == [f'users gives the role "{owner}" no right to reference it.']
    assert after == {}


def test_new_tables_need_the_right_to_create_in_the_schema(owned, owner, in_process):
    owned.execute(f'REVOKE CREATE ON SCHEMA public FROM "{owner}"')
    in_process(owned, url=as_role(owned, owner))

    found = look()

    assert set(found) == {"privilege.E004"}
    assert told(found, "privilege.E004") == [
        f'the schema public gives the role "{owner}" no right to create tables in it.'
    ]


def test_row_level_security_that_hides_rows_blocks(owned, owner, in_process):
    owned.execute("ALTER TABLE bills ENABLE ROW LEVEL SECURITY; ALTER TABLE bills FORCE ROW LEVEL SECURITY")
    refer(owned, "bills", ONE)
    in_process(owned, url=as_role(owned, owner))

    found = look()

    assert set(found) == {"privilege.E005"}
    assert told(found, "privilege.E005")[0].startswith(f'bills hides rows from the role "{owner}"')


def test_row_level_security_that_does_not_apply_to_us_is_a_warning(owned, owner, in_process):
    owned.execute("ALTER TABLE bills ENABLE ROW LEVEL SECURITY")
    in_process(owned, url=as_role(owned, owner))

    found = look()

    assert set(found) == {"privilege.W001"}
    assert told(found, "privilege.W001")[0].startswith("bills has row-level security")


def test_row_level_security_of_the_parent_is_seen_too(make, new_role, in_process):
    database, reader = make("with_patients"), new_role()
    PatientFactory.create(on=database, id=ONE)
    refer(database, "bills", ONE)
    database.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    database.execute("ALTER TABLE patients ENABLE ROW LEVEL SECURITY")
    in_process(database, url=as_role(database, reader))

    found = look()

    assert [one.subject for one in found["privilege.E005"]] == ["patients"]


@pytest.mark.parametrize("arguments", [["verify_patient_schema"], ["backfill_placeholders", "--dry-run"]])
def test_where_rows_are_hidden_nothing_is_called_clean(migrated, new_role, arguments):
    reader = new_role()
    migrated.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{reader}"')
    migrated.execute("ALTER TABLE bills ENABLE ROW LEVEL SECURITY")

    result = migrated.run(*arguments, url=as_role(migrated, reader))

    assert (result.code, result.out) == (2, "")
    assert "privilege.E005: Row-level security hides rows of bills" in result.err
    assert "BYPASSRLS" in result.err


@pytest.mark.parametrize(
    "arguments",
    [("backfill_placeholders", "--dry-run"), ("rollback_patient_module", "--dry-run"), ("rehearse",), ("migrate",)],
)
def test_a_history_that_may_not_be_read_is_named_with_its_grant(migrated, new_role, arguments):
    role = new_role()

    result = migrated.run(*arguments, url=migrated.server.url(migrated.name, user=role))

    assert result.code == 2
    assert f'privilege.E001: The role "{role}" may not read django_migrations.' in result.err
    assert f'GRANT SELECT ON django_migrations TO "{role}";' in result.err
