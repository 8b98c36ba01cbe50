"""What a plan locks, scans and rewrites on the scratch database is what plain Django does to a populated one."""

from contextlib import closing

import psycopg
import pytest
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.measurement.measurement import measure
from tests.support.in_process import installed, migrate
from tests.support.sample_app import SampleApp

BEFORE = """
    migrations.CreateModel("Clinic", [("id", models.AutoField(primary_key=True)),
        ("code", models.CharField(max_length=9, unique=True))]),
    migrations.CreateModel("Ward", [("id", models.AutoField(primary_key=True)),
        ("name", models.CharField(max_length=9, null=True)), ("beds", models.IntegerField(null=True)),
        ("price", models.DecimalField(max_digits=8, decimal_places=2, default=1)),
        ("clinic", models.ForeignKey("ward.Clinic", models.CASCADE, null=True)), ("clinic_number", models.IntegerField(null=True))]),
    migrations.CreateModel("Bed", [("id", models.AutoField(primary_key=True)), ("number", models.IntegerField()),
        ("slug", models.TextField(default="x", db_index=True)), ("gone", models.TextField(null=True))]),
"""
ROWS = """
    INSERT INTO ward_clinic (code) SELECT 'c' || g FROM generate_series(1, 200) AS g;
    INSERT INTO ward_ward (name, beds, price, clinic_id, clinic_number) SELECT 'n' || g, g, 1, g, g FROM generate_series(1, 200) AS g;
    INSERT INTO ward_bed (number, slug) SELECT g, 's' || g FROM generate_series(1, 2000) AS g
"""
OPERATIONS = {
    "nullable column": 'migrations.AddField("bed", "note", models.TextField(null=True))',
    "column with a default": 'migrations.AddField("bed", "kind", models.CharField(max_length=3, default="abc"))',
    "column with a volatile default": 'migrations.RunSQL("ALTER TABLE ward_bed ADD COLUMN at timestamptz DEFAULT clock_timestamp()", state_operations=[migrations.AddField("bed", "at", models.DateTimeField(null=True))])',
    "column with a database default": 'migrations.AddField("bed", "rank", models.IntegerField(db_default=3))',
    "generated column": 'migrations.AddField("bed", "double", models.GeneratedField(expression=models.F("id") * 2, output_field=models.IntegerField(), db_persist=True))',
    "inline check": 'migrations.AddField("bed", "size", models.PositiveIntegerField(null=True))',
    "index": 'migrations.AddIndex("bed", models.Index(fields=["number"], name="bed_number"))',
    "index renamed": 'migrations.RenameIndex("bed", new_name="bed_number_2", old_name="bed_number")',
    "index removed": 'migrations.RemoveIndex("bed", "bed_number_2")',
    "unique together": 'migrations.AlterUniqueTogether("bed", {("id", "number")})',
    "check": 'migrations.AddConstraint("bed", models.CheckConstraint(condition=models.Q(number__gt=0), name="positive"))',
    "unique": 'migrations.AddConstraint("bed", models.UniqueConstraint(fields=["number"], name="one_number"))',
    "constraint removed": 'migrations.RemoveConstraint("bed", "one_number")',
    "not null": 'migrations.AlterField("ward", "beds", models.IntegerField())',
    "wider varchar": 'migrations.AlterField("ward", "name", models.CharField(max_length=20, null=True))',
    "varchar to text": 'migrations.AlterField("ward", "name", models.TextField(null=True))',
    "integer to bigint": 'migrations.AlterField("bed", "number", models.BigIntegerField())',
    "wider numeric": 'migrations.AlterField("ward", "price", models.DecimalField(max_digits=10, decimal_places=2, default=1))',
    "foreign key added": 'migrations.AddField("bed", "ward", models.ForeignKey("ward.Ward", models.CASCADE, null=True))',
    "foreign key nullable": 'migrations.AlterField("ward", "clinic", models.ForeignKey("ward.Clinic", models.SET_NULL, null=True))',
    "foreign key on an existing column": 'migrations.AlterField("ward", "clinic_number", models.ForeignKey("ward.Clinic", models.CASCADE, null=True, db_column="clinic_number", related_name="+"))',
    "foreign key removed": 'migrations.RemoveField("bed", "ward")',
    "many-to-many": 'migrations.AddField("bed", "clinics", models.ManyToManyField("ward.Clinic"))',
    "many-to-many removed": 'migrations.RemoveField("bed", "clinics")',
    "column removed": 'migrations.RemoveField("bed", "gone")',
    "column renamed": 'migrations.RenameField("bed", "note", "remark")',
    "comment": 'migrations.AlterModelTableComment("bed", "beds")',
    "table renamed": 'migrations.RenameModel("Bed", "Place")',
    "table made": 'migrations.CreateModel("Visit", [("id", models.AutoField(primary_key=True)), ("ward", models.ForeignKey("ward.Ward", models.CASCADE))])',
    "rows changed": 'migrations.RunSQL("UPDATE ward_ward SET beds = 12 WHERE name = \'Ann\'")',
    "trigger": 'migrations.RunSQL("CREATE TRIGGER t BEFORE UPDATE ON ward_ward FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()")',
    "do block": 'migrations.RunSQL("DO $$ BEGIN ALTER TABLE ward_ward ADD CHECK (beds > 0); END $$")',
    "view": 'migrations.RunSQL("CREATE VIEW ward_names AS SELECT name FROM ward_ward")',
    "table dropped": 'migrations.DeleteModel("Visit")',
}  # fmt: skip


@pytest.fixture
def ward(tmp_path, monkeypatch, empty, in_process):
    app = SampleApp(tmp_path)
    app.migration("0001_initial", BEFORE)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "ward_settings")
    connection = in_process(empty)
    with installed(app):
        migrate("ward")
        yield app, empty, connection


def write(app, operations, **how):
    after = "0001_initial"
    for number, text in enumerate(operations, 2):
        name = f"{number:04}_next"
        app.migration(name, text, after=("ward", after), **how)
        after = name


def in_short(effects):
    """What happened to tables that were there before: their strongest lock, those scanned, rewritten, dropped."""
    return {one for one in effects if any(one[1:])}


def measured(plan):
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
    SELECT oid::bigint, pg_relation_filenode(oid), pg_stat_get_xact_numscans(oid) + pg_stat_get_numscans(oid)
        + (SELECT coalesce(sum(pg_stat_get_xact_numscans(indexrelid) + pg_stat_get_numscans(indexrelid)), 0)
           FROM pg_index WHERE indrelid = c.oid)
    FROM pg_class AS c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


def truth(connection, database):
    """What plain Django does, migration by migration, seen from a second session."""
    executor = MigrationExecutor(connection)
    state = executor._create_project_state(with_applied_migrations=True)
    found = {}
    with closing(psycopg.connect(database.url, autocommit=True)) as second:
        names = dict(
            second.execute(
                "SELECT oid::bigint, relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
        )
        for migration, _ in executor.migration_plan([("ward", executor.loader.graph.leaf_nodes("ward")[0][1])]):
            locks, before, after = {}, {}, {}

            def look(execute, sql, params, many, context):
                result = execute(sql, params, many, context)
                if "django_migrations" in str(sql):
                    return result
                after.clear()
                after.update({oid: rest for oid, *rest in connection.connection.execute(TABLES).fetchall()})
                asked = [connection.connection.info.backend_pid]
                for oid, mode in second.execute(
                    "SELECT relation::bigint, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'", asked
                ).fetchall():
                    if oid in names and mode in LOCKS:
                        locks[names[oid]] = max(locks.get(names[oid], mode), mode, key=LOCKS.index)
                return result

            before = {oid: rest for oid, *rest in connection.connection.execute(TABLES).fetchall()}
            after = dict(before)
            with connection.execute_wrapper(look):
                state = executor.apply_migration(state, migration)
            found[f"ward.{migration.name}"] = (
                dict(sorted(locks.items())),
                sorted(
                    names[oid] for oid in before if oid in names and oid in after and after[oid][1] > before[oid][1]
                ),
                sorted(
                    names[oid] for oid in before if oid in names and oid in after and after[oid][0] != before[oid][0]
                ),
                sorted(names[oid] for oid in before if oid in names and oid not in after),
            )
    return found


def test_each_operation_does_there_what_it_does_to_a_populated_database(ward):
    app, database, connection = ward
    database.execute(ROWS)
    write(app, OPERATIONS.values())

    plan = measure(connection, app_label="ward")
    found = measured(plan)

    assert plan.measured == "embedded"
    real = truth(connection, database)
    labels = dict(zip(real, OPERATIONS, strict=True))
    differences = {labels[one]: (found.get(one), real[one]) for one in real if found.get(one) != real[one]}
    assert not differences, "\n".join(f"{one}: {pair}" for one, pair in differences.items())
