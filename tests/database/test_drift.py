"""What differs from what the applied migrations make is told; what they make in any other way is not."""

import inspect
import re

import pytest
from django.core.management import call_command
from django.test import override_settings

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.wording import schema as wording
from migrations_safety.plan import migration_plan
from migrations_safety.rendering import serialization, text
from migrations_safety.verification.drift import NOT_OF_DRIFT, SENTENCE, find_drift
from tests.support.plain_django import ward_installed

CONTRIB = ("admin", "auth", "contenttypes", "flatpages", "redirects", "sessions", "sites", "messages", "postgres")
BED = """
    migrations.CreateModel("Room", [("id", models.BigAutoField(primary_key=True))]),
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True)),
        ("note", models.CharField(max_length=9, null=True, unique=True)),
        ("room", models.ForeignKey("ward.Room", models.CASCADE)),
        ("number", models.PositiveIntegerField(db_index=True, db_default=7)),
        ("rooms", models.ManyToManyField("ward.Room", related_name="+")),
    ], options={"constraints": [models.CheckConstraint(condition=models.Q(number__gt=0), name="number_is_there")]})
"""


@pytest.fixture
def ward(empty, in_process, tmp_path):
    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        ward.starts_with(BED)
        yield ward


def drift(ward):
    return find_drift(ward.connection, migration_plan.read(ward.connection).applied)


def differences(ward):
    return {one.object: (one.declared, one.found) for one in drift(ward).differences}


def test_all_of_django_contrib_is_silent(ward):
    with override_settings(
        INSTALLED_APPS=["migrations_safety", *(f"django.contrib.{one}" for one in CONTRIB), "ward"],
        ROOT_URLCONF="tests.support.warehouse.settings",
        SILENCED_SYSTEM_CHECKS=["admin.E403"],
    ):
        call_command("migrate", skip_precheck=True, skip_checks=True, verbosity=0, no_progress=True)
        found = drift(ward)

    assert found.differences == ()
    assert found.not_compared == ()
    assert found.compared == 16


def test_the_hospitals_migrations_are_silent(migrated, in_process):
    connection = in_process(migrated)

    found = find_drift(connection, migration_plan.read(connection).applied)

    assert found.differences == ()
    assert found.compared >= 6


BY_PEOPLE = {"DROP TABLE ward_bed_rooms"}
"""Where the hint leads to a backup."""


@pytest.mark.parametrize(
    ("change", "object", "declared", "found"),
    [
        ("DROP TABLE ward_bed_rooms", "ward_bed_rooms", "a table", None),
        ("ALTER TABLE ward_bed DROP note", 'ward_bed."note"', "varchar(9)", None),
        ("ALTER TABLE ward_bed ALTER note TYPE varchar(20)", 'ward_bed."note"', "varchar(9)", "character varying(20)"),
        ("ALTER TABLE ward_bed ALTER room_id DROP NOT NULL", 'ward_bed."room_id"', "NOT NULL", "NULL"),
        ("ALTER TABLE ward_bed ALTER number SET DEFAULT 8", 'ward_bed."number"', "DEFAULT 7", "DEFAULT 8"),
        ("ALTER TABLE ward_bed ADD mine text", 'ward_bed."mine"', None, "a column of type text"),
        ("CREATE INDEX mine ON ward_bed (number, id)", "ward_bed.mine", None, "an index USING btree (number, id)"),
        ("ALTER TABLE ward_bed ADD CONSTRAINT mine CHECK (id < 9)", "ward_bed.mine", None, "CHECK (id < 9)"),
        ("ALTER TABLE ward_bed_rooms SET UNLOGGED", "ward_bed_rooms", "a table", "an unlogged one"),
        (
            "ALTER TABLE ward_bed DROP CONSTRAINT number_is_there",
            "ward_bed.number_is_there",
            'CHECK ("number" > 0)',
            None,
        ),
    ],
)
def test_a_change_by_hand_is_told(ward, change, object, declared, found):
    ward.database.execute(change)

    told = {one.object: one for one in drift(ward).differences}
    assert (told[object].declared, told[object].found) == (declared, found)
    if change not in BY_PEOPLE:
        statements = re.search(r"((?:ALTER|CREATE|DROP) .*;)", told[object].change)
        assert statements
        for one in statements[1].split(";"):
            ward.database.execute(one)
        assert object not in differences(ward)


def test_a_key_that_somebody_dropped_or_made_is_told(ward):
    name = ward.database.value(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'ward_bed'::regclass AND contype = 'f'"
    )
    ward.database.execute(f'ALTER TABLE ward_bed DROP CONSTRAINT "{name}"')
    ward.database.execute(
        "ALTER TABLE ward_bed ADD CONSTRAINT mine FOREIGN KEY (number) REFERENCES ward_room ON DELETE CASCADE"
    )

    found = differences(ward)

    assert found['ward_bed."room_id"'][1] is None
    assert found["ward_bed.mine"] == (None, "FOREIGN KEY (number) REFERENCES ward_room ON DELETE CASCADE")


OTHER_WAYS = {
    "RunSQL": "migrations.RunSQL('CREATE INDEX mine ON ward_bed (number); ALTER TABLE ward_bed ADD x int')",
    "RunPython with SQL": "migrations.RunPython(add_column)",
    "state alone": """
        migrations.SeparateDatabaseAndState(state_operations=[migrations.AddField('Bed', 'x', models.TextField())])
    """,
    "database alone": """
        migrations.SeparateDatabaseAndState([migrations.AddField('Bed', 'x', models.TextField(null=True))])
    """,
    "an old name": """
        migrations.RunSQL('CREATE INDEX mine ON ward_bed (number)'), migrations.RenameModel('Bed', 'Cot')
    """,
    "a table that another model takes over": """
        migrations.CreateModel('Old', [('id', models.BigAutoField(primary_key=True))]),
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.CreateModel('New', [('id', models.BigAutoField(primary_key=True))], {'db_table': 'ward_old'})
        ]),
        migrations.AlterModelTable('New', 'ward_new')
    """,
    "a name of its own": """
        migrations.AlterModelTable('Bed', 'cots'), migrations.RunSQL('CREATE INDEX mine ON cots (number)'),
        migrations.AlterModelTable('Bed', 'beds')
    """,
    "a table for many": "migrations.RunSQL('ALTER TABLE ward_bed_rooms ADD x int')",
    "another class": "Own('Bed')",
    "a partitioned table": """
        migrations.RunSQL('CREATE TABLE part (id bigint, number int) PARTITION BY LIST (id)', state_operations=[
            migrations.CreateModel('Part', [('id', models.BigAutoField(primary_key=True))], {'db_table': 'part'})
        ])
    """,
    "a trigger": """
        migrations.RunSQL('CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;'
                          'CREATE TRIGGER t BEFORE INSERT ON ward_bed FOR EACH ROW EXECUTE FUNCTION f()')
    """,
    "an unmanaged model": """
        migrations.CreateModel('View', [('id', models.BigAutoField(primary_key=True))], options={'managed': False})
    """,
    "a proxy": "migrations.CreateModel('Proxy', [], options={'proxy': True}, bases=('ward.bed',))",
    "renamed fields and models": """
        migrations.RenameField('Bed', 'note', 'remark'), migrations.RenameModel('Bed', 'Cot'),
        migrations.RenameModel('Room', 'Hall')
    """,
    "a child of a model": """
        migrations.CreateModel('Cot', [
            ('bed_ptr', models.OneToOneField('ward.Bed', models.CASCADE, parent_link=True, primary_key=True)),
            ('x', models.SlugField()),
        ], bases=('ward.bed',))
    """,
    "indexes of all kinds": """
        migrations.AddIndex('Bed', models.Index(
            fields=['-number'], name='i1', condition=models.Q(number__gt=3), include=['note'])
        ),
        migrations.AddConstraint('Bed', models.UniqueConstraint(Lower('note'), name='u1')),
        migrations.AlterField('Bed', 'note', models.TextField(db_index=True, unique=True))
    """,
    "names that PostgreSQL cuts": f"""
        migrations.AddConstraint('Bed', models.UniqueConstraint(fields=['number', 'room'], name='{"u" * 70}')),
        migrations.AddConstraint('Bed', models.UniqueConstraint(Lower('note'), name='{"é" * 40}')),
        migrations.AddConstraint('Bed', models.CheckConstraint(condition=models.Q(number__lt=99), name='{"c" * 70}'))
    """,
    "an index that is declared twice": """
        migrations.AddIndex('Bed', models.Index(fields=['number', 'room'], name='one')),
        migrations.RunSQL('DROP INDEX one; CREATE INDEX two ON ward_room (id); DROP INDEX two'),
        migrations.AlterIndexTogether('Bed', {('number', 'room')}),
        migrations.RenameIndex('Bed', new_name='one', old_fields=('number', 'room'))
    """,
    "a constraint that is not valid yet": """
        AddConstraintNotValid('Bed', models.CheckConstraint(condition=models.Q(number__lt=99), name='less'))
    """,
}
BEFORE = """
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db.models.functions import Lower

def add_column(apps, schema_editor):
    schema_editor.execute("ALTER TABLE ward_bed ADD x int")

class Own(migrations.operations.base.Operation):
    def __init__(self, model_name):
        self.model_name = model_name
    def state_forwards(self, app_label, state):
        pass
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        schema_editor.execute("ALTER TABLE ward_bed ADD x int")
"""


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_what_migrations_make_in_other_ways_is_not_blamed(ward, way):
    ward.migration(OTHER_WAYS[way], before=BEFORE)
    assert ward.apply() is None

    assert differences(ward) == {}


def test_tables_of_others_are_listed_and_not_blamed(ward):
    ward.database.execute("CREATE TABLE labs (id int); CREATE TABLE imaging (id int); CREATE VIEW v AS SELECT 1 AS one")

    found = drift(ward)

    assert found.unmanaged == ("imaging", "labs")
    assert found.differences == ()


def test_a_table_that_somebody_has_locked_is_not_compared(ward):
    with ward.database.session() as other:
        other.execute("BEGIN; LOCK TABLE ward_bed IN ACCESS EXCLUSIVE MODE")

        found = drift(ward)

    assert found.differences == ()
    assert [(one.name, one.reason) for one in found.not_compared] == [("ward_bed", "another session has locked it")]


def test_precheck_says_it_first_and_as_findings_and_json(ward):
    ward.database.execute("ALTER TABLE ward_bed ALTER note TYPE varchar(20); CREATE TABLE labs (id int)")
    ward.migration("migrations.AlterField('Bed', 'number', models.IntegerField(null=True))")

    report = ward.look()

    (found,) = (one for one in report.findings if one.id.startswith("drift."))
    assert (found.id, found.subject) == ("drift.W002", 'ward_bed."note"')
    assert found.message == "is character varying(20), but the applied migrations make it varchar(9)."
    lines = text.precheck(report, seconds=0, width=300, colour=False).splitlines()
    assert lines[1].startswith('The applied migrations make something else than there is: ward_bed."note".')
    as_json = serialization.precheck(report, seconds=0)
    assert as_json["drift"] == [
        {"object": 'ward_bed."note"', "declared": "varchar(9)", "found": "character varying(20)"}
    ]
    assert as_json["tables_of_others"] == ["labs"]


def test_every_difference_that_the_comparison_words_can_be_told_apart():
    for _, factory in inspect.getmembers(wording, inspect.isfunction):
        if factory.__module__ != wording.__name__ or factory.__name__.startswith("_"):
            continue
        worded = dict.fromkeys(inspect.signature(factory).parameters, "x") | {"subject": "x"}
        worded = {name: value for name, value in worded.items() if name in inspect.signature(factory).parameters}
        found = factory(**worded | {name: 1 for name in ("values", "rows", "count") if name in worded})
        if found.level is Level.ERROR and found.id not in NOT_OF_DRIFT:
            assert SENTENCE.fullmatch(found.message), found.id
