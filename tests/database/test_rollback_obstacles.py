"""Where the way back would stop half way, what it cuts, whom it has to wait for, and who may go it."""

from functools import partial

import pytest
from django.db import transaction
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.plan import migration_plan
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.precheck.report import Depth
from tests.support import rollback
from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, TABLES, applied, back, migrate, refused
from tests.support.sample_app import SampleApp

COLUMNS = f"""
    SELECT t.oid::text || '.' || a.attnum, t.relname || '.' || a.attname
    FROM ({TABLES}) AS t JOIN pg_attribute a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped
"""
LOCKED = """
    SELECT DISTINCT relation FROM pg_locks
    WHERE locktype = 'relation' AND mode IN ('AccessExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
"""


DROPS_COLUMNS_WITH_CASCADE = "CASCADE" in DatabaseSchemaEditor.sql_delete_column
REFUSED = "PostgreSQL refuses the rollback as long as it exists."


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


@pytest.fixture
def at(make, in_process):
    return partial(rollback.at, make, in_process)


NULLABLE = "migrations.AlterField('Bed', 'name', models.TextField(null=True))"
REMOVED = "migrations.RemoveField('Bed', 'name')"
COMES_BACK = (
    'ward_bed."name" comes back NOT NULL when ward.0002_changed is unapplied, but no default fills it in 1 row. '
    "PostgreSQL refuses that."
)
REQUIRED = {
    "made NOT NULL again": (
        NULLABLE, "rollback.E004",
        'ward_bed."name" is NULL in 1 row. Unapplying ward.0002_changed makes it NOT NULL, which PostgreSQL refuses.',
    ),
    "removed": (REMOVED, "rollback.E005", COMES_BACK),
    "made NULL, then removed": (f"{NULLABLE}, {REMOVED}", "rollback.E005", COMES_BACK),
}  # fmt: skip


@pytest.mark.parametrize("how", REQUIRED)
def test_rows_that_a_column_does_not_allow_any_more_are_counted(ward, at, how):
    operations, id, words = REQUIRED[how]
    ward.migration("0001_initial", BED)
    ward.migration("0002_changed", operations, after=FIRST)
    with at(ward) as database:
        empty = back("0001")
        database.execute("INSERT INTO ward_bed DEFAULT VALUES")

        found = back("0001")

        assert set(empty) <= {"rollback.I001"}
        assert told(found, id) == [words]
        assert refused("0001")
        with pytest.raises(Exception, match="23502"):
            migrate("0001", skip_precheck=True)
        database.execute("DELETE FROM ward_bed")
        assert id not in back("0001")
        migrate("0001")


@pytest.mark.parametrize("field", ["models.TextField(default='')", "models.TextField(db_default='')"])
def test_a_default_fills_the_rows(ward, at, field):
    ward.migration("0001_initial", BED.replace("models.TextField()", field))
    ward.migration("0002_changed", "migrations.RemoveField('Bed', 'name')", after=FIRST)
    with at(ward) as database:
        database.execute("INSERT INTO ward_bed DEFAULT VALUES")

        assert back("0001") == {}
        migrate("0001")


CHAR, TEXT = "models.CharField(max_length=3, null=True)", "models.TextField(null=True)"
LONGER = "models.CharField(max_length=9, null=True)"
MONEY = "models.DecimalField(max_digits={}, decimal_places={}, null=True)"
SMALL, BIG, REAL = (f"models.{kind}Field(null=True)" for kind in ("SmallInteger", "BigInteger", "Float"))
RETYPED = {
    "shorter": (CHAR, LONGER, "'abc'", "'abcd'", "rollback.E006", "22001"),
    "cut": (CHAR, TEXT, "'abc'", "'abcd'", "rollback.E007", None),
    "smaller": (SMALL, BIG, "32767", "32768", "rollback.E006", "22003"),
    "fewer digits": (MONEY.format(4, 2), MONEY.format(6, 2), "99.99", "100.00", "rollback.E006", "22003"),
    "rounded": (MONEY.format(4, 2), MONEY.format(6, 4), "9.9900", "9.9901", "rollback.E007", None),
    "made whole": (BIG, REAL, "5", "5.5", "rollback.E007", None),
}


@pytest.mark.parametrize("how", RETYPED)
def test_values_that_do_not_fit_the_older_type_are_counted(ward, at, how):
    older, newer, fits, does_not, id, state = RETYPED[how]
    ward.migration("0001_initial", BED.replace("models.TextField()", older))
    ward.migration("0002_changed", f"migrations.AlterField('Bed', 'name', {newer})", after=FIRST)
    with at(ward, registered=True) as database:
        database.execute(f"INSERT INTO ward_bed (name) VALUES ({fits}), (NULL)")
        before = back("0001")
        database.execute(f"INSERT INTO ward_bed (name) VALUES ({does_not})")

        found = back("0001")

        assert set(before) == {"rollback.I001"}
        assert [one.subject for one in found[id]] == ['ward_bed."name"']
        assert "in 1 row" in found[id][0].message
        assert refused("0001")
        if state:
            with pytest.raises(Exception, match=state):
                migrate("0001", skip_precheck=True)
        else:
            migrate("0001", skip_precheck=True)
            assert not database.value(f"SELECT name::text = ({does_not})::text FROM ward_bed ORDER BY id DESC LIMIT 1")


def test_what_is_cut_of_an_app_that_registered_nothing_is_a_warning(ward, at):
    ward.migration("0001_initial", BED.replace("models.TextField()", CHAR))
    ward.migration("0002_changed", f"migrations.AlterField('Bed', 'name', {TEXT})", after=FIRST)
    with at(ward) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('abcd')")

        assert told(back("0001"), "rollback.W002") == [
            'ward_bed."name" holds values in 1 row that the rollback cuts or rounds to varchar(3).'
        ]


VISIT = """
    migrations.CreateModel(
        'Visit',
        [
            ('id', models.BigAutoField(primary_key=True)),
            ('day', models.DateField(null=True)),
            ('code', models.IntegerField(null=True, unique=True)),
        ],
        {
            'unique_together': {('day', 'code')},
            'constraints': [models.CheckConstraint(condition=models.Q(code__gt=0), name='positive')],
        },
    )
"""
UNJUDGED = {
    "migrations.AlterField('Visit', 'day', models.TextField(null=True))": ("rollback.W003", 'ward_visit."day"'),
    "migrations.AlterUniqueTogether('Visit', set())": ("rollback.W004", "ward_visit"),
    "migrations.RemoveConstraint('Visit', 'positive')": ("rollback.W004", "ward_visit"),
    "migrations.AlterField('Visit', 'code', models.IntegerField(null=True))": ("rollback.W004", "ward_visit"),
}


@pytest.mark.parametrize("operation", UNJUDGED)
def test_what_rows_will_have_to_fulfil_is_said_not_to_be_looked_at(ward, at, operation):
    id, subject = UNJUDGED[operation]
    ward.migration("0001_initial", VISIT)
    ward.migration("0002_changed", operation, after=FIRST)
    with at(ward) as database:
        empty = back("0001")
        database.execute("INSERT INTO ward_visit (day, code) VALUES ('2026-01-01', 1)")

        found = back("0001")

        assert set(empty) == {"rollback.I001"}
        assert {one: [each.subject for each in found[one]] for one in found if one not in empty} == {id: [subject]}
        migrate("0001")


def test_a_name_that_the_way_back_needs_may_be_taken(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_cot", "migrations.RenameModel('Bed', 'Cot')", after=FIRST)
    ward.migration("0003_gone", "migrations.DeleteModel('Cot')", after=("ward", "0002_cot"))
    with at(ward) as database:
        database.execute("CREATE VIEW ward_cot AS SELECT 1; CREATE TABLE ward_bed ()")

        assert told(back(), "rollback.E008") == [
            "ward_bed exists already as a table, but unapplying ward.0002_cot needs that name for a table.",
            "ward_cot exists already as a view, but unapplying ward.0003_gone needs that name for a table.",
        ]


def test_what_somebody_dropped_by_hand_is_named(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    with at(ward) as database:
        database.execute("ALTER TABLE ward_bed DROP extra")

        assert told(back("0001"), "rollback.E009") == [
            'ward_bed."extra" does not exist, but the rollback has to change or drop it and would stop there.'
        ]


def test_what_falls_with_a_table_or_column_is_named(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    with at(ward) as database:
        database.execute("""
            CREATE VIEW names AS SELECT name FROM ward_bed;
            CREATE MATERIALIZED VIEW extras AS SELECT extra FROM ward_bed;
            CREATE TABLE bells (bed bigint CONSTRAINT bell_of_bed REFERENCES ward_bed)
        """)

        column, table = back("0001"), back()

        of_column = 'extras is a materialized view that depends on ward_bed."extra"{}'
        if DROPS_COLUMNS_WITH_CASCADE:
            assert told(column, "rollback.W006") == [of_column.format(", so the rollback drops it too.")]
        else:
            assert told(column, "rollback.E010") == [of_column.format(f". {REFUSED}")] == told(table, "rollback.E010")
            with pytest.raises(Exception, match="2BP01"):
                migrate("zero", skip_precheck=True)
            database.execute("DROP MATERIALIZED VIEW extras")
            table = back()
        assert set(told(table, "rollback.W006")) >= {
            "bell_of_bed is a foreign key of bells that depends on ward_bed, so the rollback drops it too.",
            "names is a view that depends on ward_bed, so the rollback drops it too.",
        }
        migrate("zero")
        assert database.value("SELECT to_regclass('names') IS NULL AND to_regclass('extras') IS NULL")


def test_no_type_is_taken_back_under_a_view(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration(
        "0002_changed", "migrations.AlterField('Bed', 'id', models.IntegerField(primary_key=True))", after=FIRST
    )
    with at(ward) as database:
        database.execute("CREATE VIEW beds AS SELECT id FROM ward_bed")

        of_column = f'beds is a view that depends on ward_bed."id". {REFUSED}'
        assert told(back("0001"), "rollback.E010") == [of_column] == told(back(), "rollback.E010")
        with pytest.raises(Exception, match="0A000"):
            migrate("0001", skip_precheck=True)


def test_an_enum_is_not_dropped_while_a_column_has_it(ward, at):
    mood = "migrations_safety.operations.CreateEnum('Mood', ['SAD', 'OK'])"
    field = "migrations_safety.fields.EnumField(enum_name='Mood', choices=[('OK', 'OK')], null=True)"
    ward.migration("0001_initial", f"{mood}, {BED.replace('models.TextField()', field)}")
    with at(ward) as database:
        before = back()
        database.execute('CREATE TABLE staff (moods "Mood"[])')

        assert before == {}
        assert told(back(), "rollback.E010") == [f'staff."moods" is a column that depends on the enum Mood. {REFUSED}']
        with pytest.raises(Exception, match="2BP01"):
            migrate("zero", skip_precheck=True)


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


def test_without_a_look_at_the_data_it_is_said_that_nothing_is_known_of_it(ward, at):
    ward.migration("0001_initial", BED)
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('one')")

        assert told(back(depth=Depth.CATALOG), "rollback.W007") == [
            "the rollback drops or changes the contents of ward_bed, which were not checked (--no-data)."
        ]
        assert set(back(depth=Depth.CATALOG)) == {"rollback.W007"}


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


def owned_by(database, role, *tables):
    for table in tables:
        database.execute(f'ALTER TABLE {table} OWNER TO "{role}"')


def test_who_may_not_alter_or_drop_a_table_is_told_so_before_the_first_step(ward, at, new_role, in_process):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    role = new_role()
    with at(ward) as database:
        owned_by(database, role, "django_migrations", "migrations_safety_run", "migrations_safety_before_image")
        database.execute(f'GRANT USAGE, CREATE ON SCHEMA public TO "{role}"; GRANT SELECT ON ward_bed TO "{role}"')
        in_process(database, url=database.server.url(database.name, user=role))

        assert told(back("0001"), "privilege.E002") == [
            f'ward_bed belongs to "postgres", so the role "{role}" may not alter it.'
        ]
        with pytest.raises(Exception, match="42501"):
            migrate("0001", skip_precheck=True)
        owned_by(database, role, "ward_bed")
        assert back() == {}
        migrate("zero")
        assert applied(database) == []


def test_the_owner_of_the_schema_may_drop_a_table_but_not_alter_it(ward, at, new_role, in_process):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    role = new_role()
    with at(ward) as database:
        owned_by(database, role, "django_migrations", "migrations_safety_run", "migrations_safety_before_image")
        database.execute(f'ALTER SCHEMA public OWNER TO "{role}"; GRANT SELECT ON ward_bed TO "{role}"')
        in_process(database, url=database.server.url(database.name, user=role))

        assert set(back()) == {"privilege.E002"}
        database.execute("ALTER TABLE ward_bed DROP extra; DELETE FROM django_migrations WHERE name = '0002_extra'")
        assert back() == {}
        migrate("zero")
