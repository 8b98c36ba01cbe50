"""What a migration drops and makes again with the same definition is told, with the statements that suffice."""

import re

import pytest

from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions

pytestmark = pytest.mark.any_postgresql

KEY = 'models.ForeignKey("ward.Clinic", models.CASCADE{})'
INDEX = 'migrations.AddIndex("bed", models.Index(fields=["{}"], name="{}"))'
RENAME = 'migrations.RenameField("bed", "number", "place")'
REMOVE = 'migrations.RemoveIndex("bed", "old")'


@pytest.fixture
def needless(measured, make):
    """`needless(operations, …)`: the findings plan.W010 of a plan with a migration for each."""
    app, database, connection = measured
    options = MeasureOptions(scratch_url=make("empty").url)
    database.execute("CREATE INDEX old ON ward_bed (number)")
    app.migration(
        "0002_index",
        "migrations.SeparateDatabaseAndState(state_operations=["
        f"{INDEX.format('number', 'old')}, migrations.AlterField('ward', 'clinic', {KEY.format('')})])",
        after=("ward", "0001_initial"),
    )
    database.execute("ALTER TABLE ward_ward ALTER clinic_id SET NOT NULL")
    database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ward', '0002_index', now())")

    def needless(*operations):
        after = "0002_index"
        for number, text in enumerate(operations, 3):
            app.migration(f"{number:04}_next", text, after=("ward", after))
            after = f"{number:04}_next"
        report = precheck.run(using=connection.alias, options=PrecheckOptions(app_label="ward", measure=options))
        assert report.review.measured.error is None
        return [one for one in report.findings if one.id == "plan.W010"]

    return needless


@pytest.mark.parametrize(
    ("operations", "table", "remade", "rest"),
    [
        (
            f"migrations.AlterField('ward', 'clinic', {KEY.format(', null=True')})",
            "ward_ward",
            "foreign key",
            'ALTER TABLE "ward_ward" ALTER COLUMN "clinic_id" DROP NOT NULL',
        ),
        (
            "migrations.RenameField('ward', 'clinic', 'house')",
            "ward_ward",
            "foreign key",
            'ALTER TABLE "ward_ward" RENAME COLUMN "clinic_id" TO "house_id"',
        ),
        (
            f"{REMOVE}, {RENAME}, {INDEX.format('place', 'new')}",
            "ward_bed",
            'index "old"',
            'ALTER INDEX "old" RENAME TO "new"',
        ),
        (f"{REMOVE}, {RENAME}, {INDEX.format('place', 'old')}", "ward_bed", 'index "old"', None),
    ],
)
def test_what_is_made_again_as_it_was_is_told_with_what_suffices(needless, operations, table, remade, rest):
    (found,) = needless(operations)

    assert (found.subject, found.migration, found.operation) == (table, "ward.0003_next", 1)
    assert f"has its {remade}" in found.message
    told = re.search(r"RunSQL\('(.*)', reverse_sql", found.hint)
    assert (told[1] if told else None) == rest


CODE = "migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop)"


@pytest.mark.parametrize(
    "operations",
    [
        ["migrations.AlterField('bed', 'slug', models.CharField(max_length=99, db_index=True))"],
        ["migrations.AlterField('clinic', 'id', models.BigAutoField(primary_key=True))"],
        [f"{REMOVE}, {INDEX.format('slug', 'old')}"],
        [f"{REMOVE}, {CODE}, {INDEX.format('number', 'old')}"],
        [REMOVE, INDEX.format("number", "old")],
        ["migrations.RunSQL('DROP INDEX old; CREATE INDEX old ON ward_bed (number)', '')"],
        [
            "migrations.CreateModel('Visit', [('id', models.AutoField(primary_key=True)), "
            f"('clinic', {KEY.format('')})])",
            f"migrations.AlterField('visit', 'clinic', {KEY.format(', null=True')})",
        ],
        [
            "migrations.SeparateDatabaseAndState("
            "[migrations.RunSQL('ALTER TABLE ward_ward ALTER clinic_id DROP NOT NULL', '')],"
            f"[migrations.AlterField('ward', 'clinic', {KEY.format(', null=True')})])"
        ],
        ["migrations.AlterField('ward', 'beds', models.IntegerField(default=3, null=True))"],
    ],
)  # fmt: skip
def test_what_is_made_anew_for_a_reason_is_not(needless, operations):
    assert needless(*operations) == []
