"""What the way back locks, whom it has to wait for there, and where it holds the locks for long."""

import pytest
from django.db import transaction
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.plan import migration_plan
from migrations_safety.postgresql.connection import connection_of
from tests.support.rollback import BED, FIRST, TABLES, back, migrate

COLUMNS = f"""
    SELECT t.oid::text || '.' || a.attnum, t.relname || '.' || a.attname
    FROM ({TABLES}) AS t JOIN pg_attribute a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped
"""
LOCKED = """
    SELECT DISTINCT relation FROM pg_locks
    WHERE locktype = 'relation' AND mode IN ('AccessExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
"""
ID = "[('id', models.BigAutoField(primary_key=True))"
OF_UNIT = "models.ForeignKey('ward.Unit', models.CASCADE)"
NOTED = "models.TextField(null=True, db_index=True{})"
RENAMED = "migrations.RenameField('Nurse', 'bed', 'place')"
STORY = [
    f"migrations.CreateModel('Ward', {ID}, ('code', models.CharField(max_length=9, unique=True))])",
    f"{BED}, migrations.AddField('Bed', 'ward', models.ForeignKey('ward.Ward', models.CASCADE, null=True))",
    "migrations.AddField('Ward', 'beds', models.ManyToManyField('ward.Bed', related_name='+'))",
    "migrations.RenameModel('Ward', 'Unit')",
    "migrations.RenameField('Bed', 'ward', 'unit')",
    "migrations.AddIndex('Bed', models.Index(fields=['name'], name='bed_name'))",
    f"migrations.CreateModel('Nurse', {ID}, ('unit', {OF_UNIT})])",
    "migrations.AlterModelTable('Bed', 'ward_place')",
    "migrations.AlterField('Unit', 'id', models.IntegerField(primary_key=True))",
    "migrations.AddField('Nurse', 'bed', models.OneToOneField('ward.Bed', models.CASCADE, db_column='placeId'))",
    "migrations.AlterUniqueTogether('Nurse', {('unit', 'bed')})",
    "migrations.AddField('Bed', 'ward', models.TextField(null=True))",
    f"migrations.SeparateDatabaseAndState([{RENAMED}], [{RENAMED}])",
    "migrations.RemoveField('Unit', 'code')",
    f"migrations.AlterField('Bed', 'name', {NOTED.format('')})",
    f"migrations.AlterField('Bed', 'name', {NOTED.format(', verbose_name=str(1)')})",
    "migrations.AlterModelOptions('Bed', {'ordering': ['id']})",
]
NAMES = [f"{number:04}_step" for number in range(1, len(STORY) + 1)]


@pytest.fixture
def story(ward, at):
    for number, (name, operations) in enumerate(zip(NAMES, STORY, strict=True)):
        ward.migration(name, operations, after=("ward", NAMES[number - 1]) if number else None)
    with at(ward) as database:
        yield database


def test_what_is_named_is_what_vanishes_and_what_is_locked_wherever_the_way_back_ends(story):
    tables, columns = (dict(story.rows(query)) for query in (TABLES, COLUMNS))
    connection = connection_of("default")
    for target in [*NAMES, None]:
        rollback = migration_plan.read(connection, app_label="ward", migration_name=target or "zero").rollback

        with transaction.atomic():
            MigrationExecutor(connection).migrate([("ward", target)])
            with connection.cursor() as cursor:
                left = [dict(cursor.execute(query) or cursor.fetchall()) for query in (TABLES, COLUMNS)]
                cursor.execute(LOCKED)
                locked = {tables[oid] for (oid,) in cursor.fetchall() if oid in tables}
            transaction.set_rollback(True)

        gone = {tables[oid] for oid in tables.keys() - left[0].keys()}
        values = {columns[one] for one in columns.keys() - left[1].keys()}
        assert rollback.dropped == gone, target
        assert {f"{one.table}.{one.column}" for one in rollback.columns} == {
            one for one in values if one.partition(".")[0] not in gone
        }, target
        assert rollback.touched == locked, target


def test_who_holds_a_table_that_the_way_back_locks_is_named(story):
    story.execute("INSERT INTO ward_unit (id) VALUES (1)")
    for table in ("ward_unit", "ward_place", "ward_nurse"):
        with story.session(f"LOCK TABLE {table} IN ACCESS SHARE MODE"):
            found = back("0004")

        assert [one.subject for one in found["locks.W001"]] == [table]
    with story.session("LOCK TABLE ward_unit IN ACCESS SHARE MODE"):
        assert "locks.W001" not in back("0014")


def test_who_holds_a_table_at_a_key_that_no_model_declares_is_named(ward, at):
    ward.migration("0001_initial", BED)
    with at(ward) as database:
        database.execute("""
            CREATE TABLE bells (bed bigint REFERENCES ward_bed);
            CREATE TABLE floors (id bigint PRIMARY KEY);
            ALTER TABLE ward_bed ADD floor bigint REFERENCES floors
        """)
        with database.session("LOCK TABLE bells, floors IN ACCESS SHARE MODE"):
            found = back()

        assert sorted(one.subject for one in found["locks.W001"]) == ["bells", "floors"]


LONG = {
    "an index": ("migrations.RemoveIndex('Bed', 'bed_name')", True),
    "an index that goes": ("migrations.AddIndex('Bed', models.Index(fields=['id'], name='bed_id'))", False),
    "a type": ("migrations.AlterField('Bed', 'name', models.CharField(max_length=9))", True),
    "a name": ("migrations.RenameField('Bed', 'name', 'code')", False),
    "a column": ("migrations.AddField('Bed', 'more', models.TextField(null=True))", False),
}


@pytest.mark.parametrize("what", LONG)
def test_what_reads_whole_tables_is_said_not_to_be_judged(ward, at, what):
    operation, is_long = LONG[what]
    index = "migrations.AddIndex('Bed', models.Index(fields=['name'], name='bed_name'))"
    ward.migration("0001_initial", f"{BED}, {index}")
    ward.migration("0002_changed", operation, after=FIRST)
    with at(ward):
        found = back("0001")

        assert [one.subject for one in found.get("rollback.I001", [])] == (["ward.0002_changed"] if is_long else [])
        assert set(found) <= {"rollback.I001"}
        migrate("0001")
