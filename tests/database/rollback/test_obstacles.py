"""Where the way back would stop half way: names in use, what is gone, and what depends on a table, column or type."""

import pytest
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, back, migrate

DROPS_COLUMNS_WITH_CASCADE = "CASCADE" in DatabaseSchemaEditor.sql_delete_column
REFUSED = "PostgreSQL refuses the rollback as long as it exists."


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
            CREATE TABLE bells (bed bigint CONSTRAINT bell_of_bed REFERENCES ward_bed);
            CREATE FUNCTION of_bed(ward_bed) RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE FUNCTION beds() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(name) FROM ward_bed; END
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
            "of_bed(ward_bed) is a function that depends on ward_bed, so the rollback drops it too.",
            "beds() is a function that depends on ward_bed, so the rollback drops it too.",
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
