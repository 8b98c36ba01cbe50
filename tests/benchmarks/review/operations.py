"""The list of operations: each is one migration on an app of its own, whose tables exist and hold rows.

The text of an operation is Python, as it stands in a migration. APP in it is the label of its app.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE = """
    migrations.CreateModel("Parent", [
        ("id", models.BigAutoField(primary_key=True)), ("code", models.CharField(max_length=20)),
    ]),
    migrations.CreateModel("Thing", [
        ("id", models.AutoField(primary_key=True)),
        ("count", models.IntegerField(null=True)), ("size", models.IntegerField(default=1)),
        ("required", models.IntegerField(default=1)), ("name", models.CharField(max_length=50, null=True)),
        ("slug", models.CharField(max_length=50)), ("price", models.DecimalField(max_digits=8, decimal_places=2)),
        ("period", DateRangeField(null=True)), ("gone", models.TextField(null=True)),
        ("parent_number", models.BigIntegerField(null=True)),
        ("parent", models.ForeignKey("APP.Parent", models.CASCADE, null=True)),
        ("friends", models.ManyToManyField("APP.Parent", related_name="+")),
    ], options={
        "indexes": [models.Index(fields=["size"], name="APP_size"), models.Index(fields=["price"], name="APP_price")],
        "constraints": [models.CheckConstraint(condition=models.Q(size__gt=0), name="APP_positive")],
    }),
    migrations.CreateModel("Child", [
        ("id", models.BigAutoField(primary_key=True)), ("parent", models.ForeignKey("APP.Parent", models.CASCADE)),
    ]),
    migrations.CreateModel("Alone", [("id", models.BigAutoField(primary_key=True))]),
"""
"""The first migration of each app."""

ROWS = """
    INSERT INTO APP_parent (code) SELECT 'c' || n FROM generate_series(1, {rows}) AS n;
    INSERT INTO APP_thing (count, size, required, name, slug, price, period, parent_number, parent_id)
        SELECT n, n, n, 'n' || n, 's' || n, 1, daterange(DATE '1900-01-01' + n, DATE '1900-01-02' + n), n, n
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO APP_thing_friends (thing_id, parent_id) SELECT n, n FROM generate_series(1, {rows}) AS n;
    INSERT INTO APP_child (parent_id) SELECT n FROM generate_series(1, {rows}) AS n;
    INSERT INTO APP_alone SELECT FROM generate_series(1, {rows}) AS n
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation; `table` is the existing one that it is about, None if it is about none.

    `before` is an operation that only the first migration of its app has besides BASE.

    `breaks` is True if it is instant, yet the release that is still running fails because of it, or values are lost:
    a reviewer may rightly complain, so it counts neither as a hazard nor as neutral. Whether an operation is a hazard
    does not stand here: plain Django is asked.
    """

    name: str
    text: str
    table: str | None = "thing"
    before: str = ""
    atomic: bool = True
    breaks: bool = False


def _add(name: str, field: str, *, breaks: bool = False) -> Operation:
    return Operation(name=f"AddField {name}", text=f'migrations.AddField("thing", "new", {field})', breaks=breaks)


def _alter(name: str, field: str, definition: str, *, breaks: bool = False) -> Operation:
    text = f'migrations.AlterField("thing", "{field}", {definition})'
    return Operation(name=f"AlterField {name}", text=text, breaks=breaks)


def _constraint(name: str, constraint: str) -> Operation:
    return Operation(name=f"AddConstraint {name}", text=f'migrations.AddConstraint("thing", models.{constraint})')


OPERATIONS = (
    _add("nullable", "models.IntegerField(null=True)"),
    _add("default=", 'models.CharField(max_length=3, default="abc")', breaks=True),
    _add("db_default= constant", "models.BooleanField(db_default=False)"),
    _add("db_default= random UUID", "models.UUIDField(db_default=RandomUUID())"),
    _add("PositiveIntegerField (inline CHECK)", "models.PositiveIntegerField(null=True)"),
    _add("GeneratedField", 'models.GeneratedField(expression=models.F("size") * 2, '
         "output_field=models.IntegerField(), db_persist=True)"),
    _add("unique", "models.CharField(max_length=20, null=True, unique=True)"),
    _add("db_index", "models.CharField(max_length=20, null=True, db_index=True)"),
    _add("ForeignKey", 'models.ForeignKey("APP.Parent", models.CASCADE, null=True, related_name="+")'),
    _add("ForeignKey, db_constraint=False",
         'models.ForeignKey("APP.Parent", models.CASCADE, null=True, db_constraint=False, related_name="+")'),
    _add("OneToOneField", 'models.OneToOneField("APP.Parent", models.CASCADE, null=True, related_name="+")'),
    _add("ManyToManyField", 'models.ManyToManyField("APP.Parent", related_name="+")'),
    Operation(name="RemoveField", text='migrations.RemoveField("thing", "gone")', breaks=True),
    Operation(name="RemoveField ForeignKey", text='migrations.RemoveField("thing", "parent")'),
    Operation(name="RemoveField ManyToManyField", text='migrations.RemoveField("thing", "friends")'),
    Operation(name="RenameField", text='migrations.RenameField("thing", "gone", "renamed")', breaks=True),
    _alter("NOT NULL", "count", "models.IntegerField()"),
    _alter("NOT NULL, default=", "count", "models.IntegerField(default=0)"),
    _alter("ForeignKey NOT NULL", "parent", 'models.ForeignKey("APP.Parent", models.CASCADE)'),
    _alter("NULL allowed", "required", "models.IntegerField(default=1, null=True)", breaks=True),
    _alter("CharField 50 to 20", "name", "models.CharField(max_length=20, null=True)"),
    _alter("CharField 50 to 100", "name", "models.CharField(max_length=100, null=True)"),
    _alter("CharField to TextField", "name", "models.TextField(null=True)"),
    _alter("TextField to CharField", "gone", "models.CharField(max_length=50, null=True)"),
    _alter("IntegerField to BigIntegerField", "required", "models.BigIntegerField(default=1)"),
    _alter("primary key to BigAutoField", "id", "models.BigAutoField(primary_key=True)"),
    _alter("DecimalField 8 to 12 digits", "price", "models.DecimalField(max_digits=12, decimal_places=2)"),
    _alter("DecimalField 2 to 4 places", "price", "models.DecimalField(max_digits=10, decimal_places=4)"),
    _alter("choices", "slug", 'models.CharField(max_length=50, choices=[("a", "A")])'),
    _alter("db_index", "slug", "models.CharField(max_length=50, db_index=True)"),
    _alter("unique", "slug", "models.CharField(max_length=50, unique=True)"),
    _alter("BigIntegerField to ForeignKey", "parent_number", 'models.ForeignKey("APP.Parent", models.CASCADE, '
           'null=True, db_column="parent_number", db_index=False, related_name="+")'),
    Operation(name="AlterUniqueTogether", text='migrations.AlterUniqueTogether("thing", {("size", "slug")})'),
    Operation(name="AddIndex", text='migrations.AddIndex("thing", models.Index(fields=["slug"], name="APP_slug"))'),
    Operation(name="AddIndexConcurrently", atomic=False,
              text='AddIndexConcurrently("thing", models.Index(fields=["slug"], name="APP_slug"))'),
    Operation(name="RenameIndex", text='migrations.RenameIndex("thing", new_name="APP_s", old_name="APP_size")'),
    Operation(name="RemoveIndex", text='migrations.RemoveIndex("thing", "APP_price")', breaks=True),
    Operation(name="RemoveIndexConcurrently", text='RemoveIndexConcurrently("thing", "APP_price")', atomic=False),
    _constraint("CHECK", 'CheckConstraint(condition=models.Q(count__gt=0), name="APP_check")'),
    Operation(name="AddConstraintNotValid", text='AddConstraintNotValid("thing", '
              'models.CheckConstraint(condition=models.Q(count__gt=0), name="APP_check"))'),
    Operation(name="ValidateConstraint", text='ValidateConstraint("thing", "APP_not_valid")',
              before='AddConstraintNotValid("thing", models.CheckConstraint(condition=models.Q(required__gt=0), '
              'name="APP_not_valid"))'),
    _constraint("UNIQUE", 'UniqueConstraint(fields=["slug"], name="APP_unique")'),
    _constraint("UNIQUE with a condition",
                'UniqueConstraint(fields=["slug"], condition=models.Q(size__gt=1), name="APP_unique")'),
    Operation(name="AddConstraint EXCLUDE", text='migrations.AddConstraint("thing", ExclusionConstraint('
              'name="APP_exclude", expressions=[("period", RangeOperators.OVERLAPS)]))'),
    Operation(name="RemoveConstraint", text='migrations.RemoveConstraint("thing", "APP_positive")'),
    Operation(name="CreateModel", text='migrations.CreateModel("Next", [("id", models.AutoField(primary_key=True))])',
              table=None),
    Operation(name="CreateModel with a ForeignKey", table=None,
              text='migrations.CreateModel("Next", [("id", models.BigAutoField(primary_key=True)), '
              '("parent", models.ForeignKey("APP.Parent", models.CASCADE))])'),
    Operation(name="DeleteModel", text='migrations.DeleteModel("Alone")', table="alone", breaks=True),
    Operation(name="DeleteModel with a ForeignKey", text='migrations.DeleteModel("Child")', table="child"),
    Operation(name="AlterModelTable", text='migrations.AlterModelTable("alone", "APP_lonely")', table="alone",
              breaks=True),
    Operation(name="AlterModelTableComment", text='migrations.AlterModelTableComment("thing", "things")'),
    Operation(name="RunSQL ADD COLUMN with a volatile default",
              text='migrations.RunSQL("ALTER TABLE APP_thing ADD COLUMN at timestamptz DEFAULT clock_timestamp()")'),
    Operation(name="RunSQL ADD COLUMN with REFERENCES",
              text='migrations.RunSQL("ALTER TABLE APP_thing ADD COLUMN other bigint REFERENCES APP_parent (id)")'),
)  # fmt: skip
