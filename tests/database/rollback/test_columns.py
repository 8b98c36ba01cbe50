"""Columns that the way back drops are found under their names of now, and the values that it loses are counted."""

import pytest

from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, back, migrate, refused

ADDED = {
    "text": ("models.TextField(null=True)", "'seen'", None),
    "text with a default": ("models.CharField(max_length=9, default='new')", "'seen'", "'new'"),
    "blank text": ("models.CharField(max_length=9, blank=True)", "'seen'", "''"),
    "default of the migration alone": ("models.IntegerField(default=7), preserve_default=False", "8", "7"),
    "default of the database": ("models.IntegerField(db_default=7)", "8", "7"),
    "boolean": ("models.BooleanField(default=True)", "false", "true"),
    "number": ("models.DecimalField(max_digits=6, decimal_places=2, default=0)", "1.5", "0"),
    "json": ("models.JSONField(default=dict)", """'{"a": 1}'""", "'{}'"),
    "json, any": ("models.JSONField(null=True)", "'[1]'", None),
    "uuid": ("models.UUIDField(null=True)", "'7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001'", None),
    "reference": ("models.ForeignKey('ward.Bed', models.CASCADE, null=True)", "1", None),
}


@pytest.mark.parametrize("kind", ADDED)
def test_a_column_loses_the_values_that_it_was_not_made_with(ward, at, kind):
    field, value, filling = ADDED[kind]
    column = "extra_id" if kind == "reference" else "extra"
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", f"migrations.AddField('Bed', 'extra', {field})", after=FIRST)
    with at(ward, registered=True) as database:
        filled = f"({filling or 'NULL'})"
        database.execute(f"INSERT INTO ward_bed (name, {column}) SELECT 'bed', {filled} FROM generate_series(1, 3)")
        before = back("0001")
        database.execute(f"UPDATE ward_bed SET {column} = {value} WHERE id < 3")

        after = back("0001")

        assert before == {}
        assert told(after, "rollback.E002") == [
            f'ward_bed."{column}" holds values in 2 rows that the rollback would drop with the column.'
        ]
        assert refused("0001")
        assert (
            database.value(
                f"SELECT count(*) FROM ward_bed WHERE {column} = {value}" if "json" not in kind else "SELECT 2"
            )
            == 2
        )


def test_a_column_of_an_app_that_registered_nothing_is_a_warning(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    with at(ward) as database:
        database.execute("INSERT INTO ward_bed (name, extra) VALUES ('one', 'seen'), ('two', NULL)")

        found = back("0001")

        assert told(found, "rollback.W001") == [
            'ward_bed."extra" holds values in 1 row that the rollback drops with the column.'
        ]
        migrate("0001")


def test_a_column_is_found_under_its_name_of_now_in_a_table_under_its_name_of_now(ward, at):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    renamed = "migrations.RenameField('Bed', 'extra', 'note'), migrations.RenameModel('Bed', 'Cot')"
    ward.migration("0003_renamed", renamed, after=("ward", "0002_extra"))
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_cot (name, note) VALUES ('one', 'seen')")

        assert [one.subject for one in back("0001")["rollback.E002"]] == ['ward_cot."note"']


def test_a_column_that_was_made_anew_under_an_old_name_is_not_taken_for_the_old_one(ward, at):
    ward.migration("0001_initial", BED)
    anew = (
        "migrations.RenameField('Bed', 'name', 'code'), migrations.AddField('Bed', 'name', models.TextField(null=True))"
    )
    ward.migration("0002_anew", anew, after=FIRST)
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (code) VALUES ('kept')")
        before = back("0001")
        database.execute("UPDATE ward_bed SET name = 'lost'")

        assert before == {}
        assert [one.subject for one in back("0001")["rollback.E002"]] == ['ward_bed."name"']
