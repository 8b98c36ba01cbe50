"""A role that may not write the records of migrations and runs is told so before the deploy, with what to type."""

import pytest
from django.core.management import call_command

from migrations_safety.backfill import backfill
from migrations_safety.messages.refusals.privilege import MayNotRecord
from tests.support.factories import REFERENCING, new_id, refer
from tests.support.in_process import fill, installed
from tests.support.precheck_findings import look, told
from tests.support.rollback import BED, migrate
from tests.support.sample_app import SampleApp

TABLES = ("users", *REFERENCING)
RECORDS = ("migrations_safety_run", "migrations_safety_before_image")
OLD_IDS = """
    ALTER TABLE django_migrations ALTER id DROP IDENTITY;
    CREATE SEQUENCE django_migrations_ids START 1000;
    ALTER TABLE django_migrations ALTER id SET DEFAULT nextval('django_migrations_ids')
"""


@pytest.fixture
def role(new_role):
    return new_role()


@pytest.fixture
def granted(make, role, in_process):
    """The hospital with its patients; the role may do all that the keys need, and read and write all records."""
    database = make("with_patients")
    database.execute(f'GRANT CREATE, USAGE ON SCHEMA public TO "{role}"')
    module = [
        name for (name,) in database.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^patient'")
    ]
    for table in (*TABLES, *module):
        database.execute(f'ALTER TABLE {table} OWNER TO "{role}"')
    database.execute(f'GRANT SELECT, INSERT, DELETE ON django_migrations TO "{role}"')
    database.execute(f'GRANT SELECT, INSERT ON {RECORDS[0]} TO "{role}"')
    database.execute(f'GRANT SELECT, INSERT, UPDATE ON {RECORDS[1]} TO "{role}"')
    in_process(database, url=database.server.url(database.name, user=role))
    return database


def fails(*names, state="42501"):
    """That `migrate` does not arrive."""
    with pytest.raises(Exception, match=state):
        call_command("migrate", *names, verbosity=0, skip_precheck=True)


def test_what_is_written_needs_nothing_more(granted):
    assert look() == {}
    call_command("migrate", verbosity=0)
    assert look(app_label="ehr", migration_name="0001") == {}
    call_command("migrate", "ehr", "0001", verbosity=0)


def test_each_migration_is_recorded(granted, role):
    granted.execute(f'REVOKE INSERT ON django_migrations FROM "{role}"')

    found = look()

    assert set(found) == {"privilege.E007"}
    assert told(found, "privilege.E007") == [f'django_migrations must be written, but the role "{role}" lacks INSERT.']
    hint = found["privilege.E007"][0].hint
    assert hint == f'As its owner: GRANT INSERT ON django_migrations TO "{role}";'
    fails()
    granted.execute(hint.removeprefix("As its owner: "))
    assert look() == {}
    call_command("migrate", verbosity=0)


def test_on_the_way_back_its_record_is_deleted(granted, role):
    call_command("migrate", verbosity=0)
    granted.execute(f'REVOKE INSERT, DELETE ON django_migrations FROM "{role}"')

    found = look(app_label="ehr", migration_name="0001")

    assert [one.hint for one in found["privilege.E007"]] == [
        f'As its owner: GRANT DELETE ON django_migrations TO "{role}";'
    ]
    fails("ehr", "0001")


def test_an_older_table_of_migrations_takes_its_ids_from_a_sequence(granted, role):
    granted.execute(OLD_IDS)

    found = look()

    assert told(found, "privilege.E007")[0].endswith("lacks USAGE of the sequence django_migrations_ids.")
    hint = found["privilege.E007"][0].hint
    assert hint == f'As its owner: GRANT USAGE ON SEQUENCE django_migrations_ids TO "{role}";'
    fails()
    granted.execute(hint.removeprefix("As its owner: "))
    assert look() == {}
    call_command("migrate", verbosity=0)


def test_each_run_is_recorded(granted, role):
    granted.execute(f'REVOKE SELECT, INSERT ON migrations_safety_run FROM "{role}"')

    found = look()

    assert [one.hint for one in found["privilege.E007"]] == [
        f'As its owner: GRANT SELECT, INSERT ON migrations_safety_run TO "{role}";'
    ]
    fails()


@pytest.mark.parametrize("missing", ["django_migrations", RECORDS[0]])
def test_a_table_of_records_that_is_still_to_be_made_needs_the_right_to_make_it(granted, role, missing):
    granted.execute(f'REVOKE CREATE ON SCHEMA public FROM "{role}"')
    before = look()
    granted.execute(f"DROP TABLE {missing}")

    found = look(app_label="ehr", migration_name="0001") if missing == "django_migrations" else look()

    assert before == {}
    assert "privilege.E004" in found


def test_columns_may_be_granted_one_by_one(granted, role):
    granted.execute(f'REVOKE INSERT ON django_migrations FROM "{role}"')
    granted.execute(f'GRANT INSERT (app, name, applied) ON django_migrations TO "{role}"')

    assert look() == {}
    call_command("migrate", verbosity=0)


def test_nothing_is_demanded_where_nothing_is_to_be_done(granted, role):
    call_command("migrate", verbosity=0)
    granted.execute(f'REVOKE INSERT, DELETE ON django_migrations FROM "{role}"')

    assert look() == {}


def test_row_security_on_the_records_is_seen(granted, role):
    granted.execute("ALTER TABLE django_migrations ENABLE ROW LEVEL SECURITY")
    granted.execute("CREATE POLICY look ON django_migrations FOR SELECT USING (true)")

    found = look()

    assert told(found, "privilege.E008") == [
        f'django_migrations has row-level security that may keep the role "{role}" from rows that it needs (INSERT).'
    ]
    fails()
    granted.execute("CREATE POLICY write ON django_migrations FOR INSERT WITH CHECK (true)")
    assert look() == {}
    call_command("migrate", verbosity=0)


def test_row_security_that_hides_what_was_applied_is_seen(granted):
    granted.execute("ALTER TABLE django_migrations ENABLE ROW LEVEL SECURITY")

    assert "(SELECT, INSERT)" in told(look(), "privilege.E008")[0]


NULLIFY = {"nullify": ["bills"]}


@pytest.mark.parametrize(
    ("how", "revoked", "table"),
    [
        ({}, "INSERT", RECORDS[0]),
        (NULLIFY, "INSERT", RECORDS[1]),
        (None, "UPDATE", RECORDS[1]),
    ],
    ids=["placeholders", "nullify", "restore"],
)
def test_a_backfill_that_could_not_write_down_what_it_does_does_nothing(granted, role, how, revoked, table):
    refer(granted, "bills", new_id())
    granted.execute(f'REVOKE {revoked} ON {table} FROM "{role}"')

    with pytest.raises(
        MayNotRecord,
        match=f"privilege.E007: The table {table} must be written, .* lacks {revoked}. Nothing was changed",
    ) as refused:
        backfill.restore(using="default") if how is None else fill(**how)

    assert granted.value("SELECT count(*) FROM patients") == 0
    granted.execute(refused.value.hint.removeprefix("As its owner: "))
    backfill.restore(using="default") if how is None else fill(**how)


def test_a_backfill_needs_the_right_to_make_its_records(granted, role):
    granted.execute(f'DROP TABLE {", ".join(RECORDS)}; REVOKE CREATE ON SCHEMA public FROM "{role}"')

    with pytest.raises(MayNotRecord, match=r"privilege\.E004: The schema public gives the role"):
        fill()


def test_what_django_writes_for_new_models_is_looked_at(empty, role, tmp_path, in_process):
    ward = SampleApp(tmp_path)
    ward.models("class Bed(models.Model):\n    name = models.TextField()\n")
    ward.migration("0001_initial", BED)
    in_process(empty)
    with installed(ward, beside=("django.contrib.contenttypes",)):
        call_command("migrate", "contenttypes", verbosity=0)
        empty.execute(f'GRANT CREATE, USAGE ON SCHEMA public TO "{role}"')
        empty.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')
        empty.execute(f'GRANT INSERT ON django_migrations, migrations_safety_run TO "{role}"')
        in_process(empty, url=empty.server.url(empty.name, user=role))

        found = look(app_label="ward")

        assert told(found, "privilege.E007") == [
            f'django_content_type must be written, but the role "{role}" lacks INSERT.'
        ]
        with pytest.raises(Exception, match="42501"):
            migrate(skip_precheck=True)
