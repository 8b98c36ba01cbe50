"""Rows that the older columns do not allow, and values that they cut, are counted before the way back begins."""

import pytest

from migrations_safety.precheck.report import Depth
from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, back, migrate, refused

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


def test_without_a_look_at_the_data_it_is_said_that_nothing_is_known_of_it(ward, at):
    ward.migration("0001_initial", BED)
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('one')")

        assert told(back(depth=Depth.CATALOG), "rollback.W007") == [
            "the rollback drops or changes the contents of ward_bed, which were not checked (--no-data)."
        ]
        assert set(back(depth=Depth.CATALOG)) == {"rollback.W007"}
