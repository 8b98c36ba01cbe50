"""Django's statements name no schema: what only another schema of the path has is neither changed nor dropped."""

import pytest
from django.core.management import call_command
from django.db import transaction

from migrations_safety.messages.refusals.tables import TableOfAnotherSchema
from migrations_safety.migrate.own_tables import only_own_tables
from migrations_safety.postgresql.connection import connection_of
from tests.database.test_operations import ADD, forwards
from tests.support.in_process import installed
from tests.support.row_snapshot import row_snapshot
from tests.support.sample_app import SampleApp

STAY = """migrations.CreateModel('Stay', [
    ('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=9)),
])"""
CHANGES = {
    "drop": "migrations.DeleteModel('Stay')",
    "add a column": "migrations.AddField('stay', 'note', models.TextField(default=''))",
    "alter a column": "migrations.AlterField('stay', 'name', models.TextField())",
    "remove a column": "migrations.RemoveField('stay', 'name')",
    "rename a column": "migrations.RenameField('stay', 'name', 'title')",
    "rename": "migrations.RenameModel('Stay', 'Visit')",
    "another table": "migrations.AlterModelTable('stay', 'stays')",
    "comment": "migrations.AlterModelTableComment('stay', 'of one night or more')",
    "index": "migrations.AddIndex('stay', models.Index(fields=['name'], name='stay_name'))",
    "constraint": "migrations.AddConstraint('stay', models.UniqueConstraint(fields=['name'], name='stay_name'))",
    "key": """migrations.CreateModel('Bed', [
        ('id', models.BigAutoField(primary_key=True)), ('stay', models.ForeignKey('ward.Stay', models.CASCADE)),
    ])""",
    "key of a column": "migrations.AddField('ward', 'stay', models.ForeignKey('ward.Stay', models.CASCADE, null=True))",
}
OF_STAY = """
    SELECT (SELECT array_agg(a.attname || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
           (SELECT array_agg(i.indexrelid::regclass::text ORDER BY 1) FROM pg_index i WHERE i.indrelid = c.oid),
           (SELECT count(*) FROM pg_constraint con WHERE con.confrelid = c.oid), obj_description(c.oid, 'pg_class')
    FROM pg_class c WHERE c.oid = to_regclass('public.ward_stay')
"""


@pytest.fixture
def clinics(empty, in_process, tmp_path):
    """Public and clinic_c both have the ward's first tables; this process works on clinic_c,public."""
    ward = SampleApp(tmp_path)
    a_ward = "migrations.CreateModel('Ward', [('id', models.BigAutoField(primary_key=True))])"
    ward.migration("0001_initial", f"{STAY}, {a_ward}")
    empty.execute("CREATE SCHEMA clinic_c")
    in_process(empty)

    def work(operations, **how):
        ward.migration("0002_more", operations, after=("ward", "0001_initial"), **how)
        return installed(ward)

    def migrated():
        for path in ("public", "clinic_c", "clinic_c,public"):
            with connection_of("default").cursor() as cursor:
                cursor.execute(f"SET search_path = {path}")
            call_command("migrate", "ward", "0001", verbosity=0)

    return empty, work, migrated


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("skip_precheck", [False, True])
def test_a_table_that_only_another_schema_has_is_not_touched(clinics, change, skip_precheck):
    database, work, migrated = clinics
    with work(CHANGES[change], atomic=change != "drop"):
        migrated()
        database.execute("DROP TABLE clinic_c.ward_stay; INSERT INTO public.ward_stay (name) VALUES ('x')")
        before = database.rows(OF_STAY)

        with pytest.raises((Exception, SystemExit), match="ward_stay" if skip_precheck else None):
            call_command("migrate", "ward", verbosity=0, skip_precheck=skip_precheck, format="json", output="/dev/null")

    assert database.rows(OF_STAY) == before
    assert database.value("SELECT count(*) FROM public.ward_stay") == 1
    assert database.value("SELECT count(*) FROM clinic_c.django_migrations WHERE name = '0002_more'") == 0


@pytest.mark.parametrize("change", CHANGES)
def test_where_both_schemas_have_the_table_the_own_one_is_changed(clinics, change):
    database, work, migrated = clinics
    with work(CHANGES[change]):
        migrated()
        before, own = database.rows(OF_STAY), OF_STAY.replace("public", "clinic_c")
        own_before = database.rows(own)

        call_command("migrate", "ward", verbosity=0)

    assert database.rows(OF_STAY) == before
    assert database.rows(own) != own_before


def test_the_same_holds_inside_a_transaction_that_was_open_before(clinics):
    database, work, migrated = clinics
    with work(CHANGES["drop"]):
        migrated()
        database.execute("DROP TABLE clinic_c.ward_stay")

        with pytest.raises(Exception, match=r"tables\.E009: The table ward_stay"), transaction.atomic():
            call_command("migrate", "ward", verbosity=0, skip_precheck=True)

    assert database.value("SELECT to_regclass('public.ward_stay') IS NOT NULL")


def test_a_key_in_two_steps_does_not_lead_to_the_parent_of_another_schema(two_clinics, in_process):
    in_process(two_clinics)
    with connection_of("default").cursor() as cursor:
        cursor.execute("SET search_path = clinic_c, public")

    with only_own_tables(connection_of("default")), pytest.raises(TableOfAnotherSchema) as refused:
        forwards(ADD)

    assert str(refused.value) == (
        'tables.E009: The table patients does not exist in the schema "clinic_c". The search_path finds another one '
        'in "public", which is not ours and was not touched.'
    )
    keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'clinic_c.bills'::regclass"
    assert two_clinics.value(keys) == 0


def test_a_temporary_table_belongs_to_nobody_else(hospital, in_process):
    in_process(hospital)
    with connection_of("default").cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE scratch (id int)")

    with only_own_tables(connection_of("default")), connection_of("default").schema_editor() as editor:
        editor.refuse_others("scratch", "bills", "nothing_of_the_kind")


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize(
    "moves",
    [
        "SET search_path = public",
        "SELECT set_config('search_path', '', false)",  # as a dump of pg_dump begins
        "SET LOCAL search_path = public",
    ],
)
def test_what_sql_does_to_the_path_does_not_move_the_record(clinics, atomic, moves):
    database, work, migrated = clinics
    with work(f"{CHANGES['rename a column']}, migrations.RunSQL({moves!r}, migrations.RunSQL.noop)", atomic=atomic):
        migrated()
        before = row_snapshot(database)["public.django_migrations"]

        call_command("migrate", "ward", verbosity=0)
        recorded = database.value("SELECT count(*) FROM clinic_c.django_migrations WHERE name = '0002_more'")
        runs = database.rows("SELECT DISTINCT event FROM clinic_c.migrations_safety_run ORDER BY 1")

    assert (recorded, runs) == (1, [("finished",), ("started",)])
    assert row_snapshot(database)["public.django_migrations"] == before
