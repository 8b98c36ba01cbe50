"""Each kind of work under a lock is named, with the safe form of its operation."""

from migrations_safety.checks.held_locks import check_held_locks
from tests.support.held_locks import LONG

KINDS = [
    ('migrations.AlterField("bed", "number", models.BigIntegerField())', "rewrites", "SeparateDatabaseAndState"),
    ('migrations.AlterField("ward", "beds", models.IntegerField())', "reads", "AddConstraintNotValid"),
    (
        'migrations.AlterField("bed", "gone", models.TextField(default=""))',
        "writes rows of",
        "fill the NULLs in batches",
    ),
    (
        'migrations.AddConstraint("bed", models.UniqueConstraint(fields=["number"], name="one"))',
        "builds an index on",
        "UNIQUE USING INDEX",
    ),
    (
        'migrations.AlterField("ward", "clinic_number", models.ForeignKey("ward.Clinic", models.CASCADE, '
        'null=True, db_column="clinic_number", db_index=False, related_name="+"))',
        "checks a foreign key on",
        "AddForeignKeyNotValid",
    ),
    ('migrations.AddField("bed", "size", models.PositiveIntegerField(null=True))', "reads", "IntegerField"),
    (
        'migrations.AddField("bed", "twice", models.GeneratedField(expression=models.F("id") * 2, '
        "output_field=models.IntegerField(), db_persist=True))",
        "rewrites",
        "trigger",
    ),
    (
        'migrations.AlterField("bed", "size", models.PositiveIntegerField(null=True, db_index=True))',
        "builds an index on",
        "AddIndexConcurrently",
    ),
    (
        'migrations.RunSQL("ALTER TABLE ward_bed ADD COLUMN at timestamptz DEFAULT clock_timestamp()")',
        "rewrites",
        "in batches",
    ),
]


def test_each_kind_of_work_is_named_with_its_safe_form(plan):
    measured, sizes = plan(*(operation for operation, _, _ in KINDS))

    found = check_held_locks(measured, sizes, max_stall=LONG, small=0, hot=frozenset())
    for number, (operation, work, form) in enumerate(KINDS, 2):
        told = [one for one in found if one.migration == f"ward.{number:04}_next" and one.subject != "ward_clinic"]
        assert [one.id for one in told] == ["locks.E002"], operation
        assert f"(it {work} " in told[0].message, operation
        assert form in told[0].hint, operation
