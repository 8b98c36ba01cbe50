"""A value that an earlier type cuts or rounds is lost as much as one that is dropped: it is counted, and it blocks."""

import pytest

from tests.support.rolled_back import roll_back, told

BED = """migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True)), ("value", models.{field})])"""
CUT = {
    "a date of a moment": (
        "DateField()", "DateTimeField()", "DATE '2026-01-02'", "TIMESTAMPTZ '2026-01-02 10:11:12+00'",
    ),
    "a whole number of a decimal": (
        "IntegerField()", "DecimalField(max_digits=8, decimal_places=2)", "7", "7.25",
    ),
    "fewer digits": (
        "DecimalField(max_digits=8, decimal_places=1)", "DecimalField(max_digits=9, decimal_places=3)", "7.5", "7.125",
    ),
    "a shorter text of a longer one": (
        "CharField(max_length=4)", "TextField()", "'four'", "'more than four'",
    ),
    "a number of a text": (
        "IntegerField()", "TextField()", "7", "'007'",
    ),
    "single precision": (
        "DecimalField(max_digits=8, decimal_places=2)", "FloatField()", "7.25", "0.1234567",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CUT)
def test_it_is_counted_and_refused_and_lost_only_by_number(ward, what):
    earlier, later, fits, is_cut = CUT[what]
    database = ward(
        BED.format(field=earlier),
        f"INSERT INTO ward_bed (value) SELECT {fits} FROM generate_series(1, 5)",
        f'migrations.AlterField("Bed", "value", models.{later})',
    )
    database.execute(f"UPDATE ward_bed SET value = {is_cut} WHERE id <= 3")
    values = database.rows("SELECT value::text FROM ward_bed ORDER BY id")

    refused = roll_back("0001")
    other_number = roll_back("0001", discard=4)
    kept = roll_back("0001", keep_dropped=True)

    loss = ("recovery.E001", 'ward_bed."value"', 3)
    assert (refused.verdict, told(refused)) == ("refused", [loss])
    assert [one[0] for one in told(other_number)] == ["recovery.E003", "recovery.E001"]
    assert (kept.verdict, told(kept)) == ("refused", [loss])
    assert "--keep-dropped" not in (refused.blocking[0].hint or "")
    assert database.rows("SELECT value::text FROM ward_bed ORDER BY id") == values


def test_values_that_survive_are_no_loss(ward):
    database = ward(
        BED.format(field="DateField()"),
        "INSERT INTO ward_bed (value) VALUES ('2026-01-02')",
        'migrations.AlterField("Bed", "value", models.DateTimeField())',
    )

    report = roll_back("0001")

    assert (report.verdict, told(report)) == ("rolled back", [])
    assert database.value("SELECT value::text FROM ward_bed") == "2026-01-02"


def test_what_postgresql_does_not_cast_is_named_before(ward):
    database = ward(
        BED.format(field="IntegerField()"),
        "INSERT INTO ward_bed (value) VALUES (7)",
        'migrations.AlterField("Bed", "value", models.TextField())',
    )
    database.execute("UPDATE ward_bed SET value = 'seven'")

    report = roll_back("0001")

    assert (report.verdict, told(report)) == ("refused", [("recovery.E004", 'ward_bed."value"', None)])


def test_a_table_that_was_renamed_is_counted_under_its_present_name(ward):
    """The migration that is unapplied first gives the table its earlier name; the last count follows it."""
    database = ward(
        BED.format(field="DateField()"),
        "INSERT INTO ward_bed (value) VALUES ('2026-01-02')",
        'migrations.AddField("Bed", "note", models.TextField(default=""))',
        'migrations.RenameModel("Bed", "Cot"), migrations.RenameField("Cot", "note", "remark")',
    )
    database.execute("""
        CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE ward_bed SET note = 'written late';
            RETURN NULL;
        END $$;
        CREATE TRIGGER late AFTER DELETE ON django_migrations FOR EACH STATEMENT EXECUTE FUNCTION late()
    """)

    report = roll_back("0001")

    assert (report.verdict, told(report)) == ("stopped", [("recovery.E001", 'ward_cot."remark"', 1)])
    assert report.undone and report.undone.done.unapplied == ("ward.0003_next",)
    assert database.value("SELECT note FROM ward_bed") == "written late"
