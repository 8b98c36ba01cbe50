"""What a plan locks, scans and rewrites on the scratch database is what plain Django does to a populated one."""

from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.measurement.measurement import measure
from tests.support.measured_app import ROWS, write

pytestmark = pytest.mark.slow

OPERATIONS = {
    "nullable column": 'migrations.AddField("bed", "note", models.TextField(null=True))',
    "column with a default": 'migrations.AddField("bed", "kind", models.CharField(max_length=3, default="abc"))',
    "column with a volatile default": (
        'migrations.RunSQL("ALTER TABLE ward_bed ADD COLUMN at timestamptz DEFAULT clock_timestamp()", '
        'state_operations=[migrations.AddField("bed", "at", models.DateTimeField(null=True))])'
    ),
    "column with a database default": 'migrations.AddField("bed", "rank", models.IntegerField(db_default=3))',
    "generated column": (
        'migrations.AddField("bed", "double", models.GeneratedField(expression=models.F("id") * 2, '
        "output_field=models.IntegerField(), db_persist=True))"
    ),
    "inline check": 'migrations.AddField("bed", "size", models.PositiveIntegerField(null=True))',
    "index": 'migrations.AddIndex("bed", models.Index(fields=["number"], name="bed_number"))',
    "index renamed": 'migrations.RenameIndex("bed", new_name="bed_number_2", old_name="bed_number")',
    "index removed": 'migrations.RemoveIndex("bed", "bed_number_2")',
    "unique together": 'migrations.AlterUniqueTogether("bed", {("id", "number")})',
    "check": (
        'migrations.AddConstraint("bed", models.CheckConstraint(condition=models.Q(number__gt=0), name="positive"))'
    ),
    "unique": 'migrations.AddConstraint("bed", models.UniqueConstraint(fields=["number"], name="one_number"))',
    "constraint removed": 'migrations.RemoveConstraint("bed", "one_number")',
    "not null": 'migrations.AlterField("ward", "beds", models.IntegerField())',
    "wider varchar": 'migrations.AlterField("ward", "name", models.CharField(max_length=20, null=True))',
    "varchar to text": 'migrations.AlterField("ward", "name", models.TextField(null=True))',
    "integer to bigint": 'migrations.AlterField("bed", "number", models.BigIntegerField())',
    "wider numeric": (
        'migrations.AlterField("ward", "price", models.DecimalField(max_digits=10, decimal_places=2, default=1))'
    ),
    "foreign key added": (
        'migrations.AddField("bed", "ward", models.ForeignKey("ward.Ward", models.CASCADE, null=True))'
    ),
    "foreign key nullable": (
        'migrations.AlterField("ward", "clinic", models.ForeignKey("ward.Clinic", models.SET_NULL, null=True))'
    ),
    "foreign key on an existing column": (
        'migrations.AlterField("ward", "clinic_number", models.ForeignKey("ward.Clinic", models.CASCADE, '
        'null=True, db_column="clinic_number", related_name="+"))'
    ),
    "foreign key removed": 'migrations.RemoveField("bed", "ward")',
    "many-to-many": 'migrations.AddField("bed", "clinics", models.ManyToManyField("ward.Clinic"))',
    "many-to-many removed": 'migrations.RemoveField("bed", "clinics")',
    "column removed": 'migrations.RemoveField("bed", "gone")',
    "column renamed": 'migrations.RenameField("bed", "note", "remark")',
    "comment": 'migrations.AlterModelTableComment("bed", "beds")',
    "table renamed": 'migrations.RenameModel("Bed", "Place")',
    "table made": (
        'migrations.CreateModel("Visit", [("id", models.AutoField(primary_key=True)), ("ward", '
        'models.ForeignKey("ward.Ward", models.CASCADE))])'
    ),
    "rows changed": "migrations.RunSQL(\"UPDATE ward_ward SET beds = 12 WHERE name = 'Ann'\")",
    "trigger": (
        'migrations.RunSQL("CREATE TRIGGER t BEFORE UPDATE ON ward_ward FOR EACH ROW '
        'EXECUTE FUNCTION suppress_redundant_updates_trigger()")'
    ),
    "do block": 'migrations.RunSQL("DO $$ BEGIN ALTER TABLE ward_ward ADD CHECK (beds > 0); END $$")',
    "view": 'migrations.RunSQL("CREATE VIEW ward_names AS SELECT name FROM ward_ward")',
    "table dropped": 'migrations.DeleteModel("Visit")',
}


def by_migration(plan):
    """By migration what was measured."""
    return {
        transaction.migrations[0]: (
            dict(sorted(transaction.held.items())),
            sorted({one.table for one in transaction.effects if one.scanned and not one.new}),
            sorted({one.table for one in transaction.effects if one.rewritten and not one.new}),
            sorted({one.table for one in transaction.effects if one.dropped and not one.new}),
        )
        for transaction in plan.transactions
    }


LOCKS = [
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
]  # fmt: skip
TABLES = """
    SELECT oid::bigint, relname, pg_relation_filenode(oid),
        pg_stat_get_xact_numscans(oid) + pg_stat_get_numscans(oid)
        + (SELECT coalesce(sum(pg_stat_get_xact_numscans(indexrelid) + pg_stat_get_numscans(indexrelid)), 0)
           FROM pg_index WHERE indrelid = c.oid)
    FROM pg_class AS c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
HELD = "SELECT relation::bigint, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'"


class Plain:
    """What plain Django does, migration by migration, seen from a second session."""

    def __init__(self, connection, second):
        self.connection, self.second = connection, second
        self.locks: dict[str, str] = {}
        self.names = {oid: name for oid, name, *_ in self.tables()}

    def tables(self):
        return self.connection.connection.execute(TABLES).fetchall()

    def look(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "django_migrations" not in str(sql):
            self.after = {oid: rest for oid, _, *rest in self.tables()}
            for oid, mode in self.second.execute(HELD, [self.connection.connection.info.backend_pid]).fetchall():
                if oid in self.names and mode in LOCKS:
                    before = self.locks.get(self.names[oid], mode)
                    self.locks[self.names[oid]] = max(before, mode, key=LOCKS.index)
        return result

    def apply(self, executor, state, migration):
        self.before = {oid: rest for oid, name, *rest in self.tables() if oid in self.names}
        self.after, self.locks = dict(self.before), {}
        with self.connection.execute_wrapper(self.look):
            state = executor.apply_migration(state, migration)
        there = [oid for oid in self.before if oid in self.after]
        scanned = [oid for oid in there if self.after[oid][1] > self.before[oid][1]]
        rewritten = [oid for oid in there if self.after[oid][0] != self.before[oid][0]]
        dropped = [oid for oid in self.before if oid not in self.after]
        by_name = [sorted(self.names[oid] for oid in oids) for oids in (scanned, rewritten, dropped)]
        return state, (dict(sorted(self.locks.items())), *by_name)


def truth(connection, database):
    executor: Any = MigrationExecutor(connection)
    state = executor._create_project_state(with_applied_migrations=True)
    found = {}
    with closing(psycopg.connect(database.url, autocommit=True)) as second:
        plain = Plain(connection, second)
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes("ward")):
            state, found[f"ward.{migration.name}"] = plain.apply(executor, state, migration)
    return found


def test_each_operation_does_there_what_it_does_to_a_populated_database(measured):
    app, database, connection = measured
    database.execute(ROWS)
    database.execute("SELECT pg_stat_force_next_flush()")  # its scans would be counted to a later statement otherwise
    write(app, OPERATIONS.values())

    plan = measure(connection, app_label="ward")

    assert (plan.measured, plan.left_out, plan.error) == ("embedded", (), None)
    found = by_migration(plan)
    real = truth(connection, database)
    labels = dict(zip(real, OPERATIONS, strict=True))
    differences = {labels[one]: (found.get(one), real[one]) for one in real if found.get(one) != real[one]}
    assert not differences, "\n".join(f"{one}: {pair}" for one, pair in differences.items())
