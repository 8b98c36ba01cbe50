"""What a plan breaks for the running release, by rule: each rule, and its neighbours that must be silent."""

import pytest

pytestmark = pytest.mark.any_postgresql

BEFORE = """
    migrations.CreateModel("Clinic", [("id", models.AutoField(primary_key=True))]),
    migrations.CreateModel("Bed", [
        ("id", models.AutoField(primary_key=True)), ("number", models.IntegerField()),
        ("code", models.CharField(max_length=9, null=True)), ("name", models.CharField(max_length=9)),
        ("note", models.TextField(null=True)), ("price", models.DecimalField(max_digits=8, decimal_places=2)),
        ("grade", models.CharField(max_length=9, null=True, default="a")),
        ("rank", models.IntegerField(db_default=1)),
        ("clinic", models.ForeignKey("ward.Clinic", models.CASCADE, null=True)),
    ], options={"db_table": "beds"}),
    migrations.CreateModel("Lamp", [("id", models.AutoField(primary_key=True))], options={"db_table": "lamps"}),
    migrations.CreateModel("Visit", [
        ("id", models.AutoField(primary_key=True)), ("beds", models.ManyToManyField("ward.Bed")),
    ]),
"""
STATE = "migrations.SeparateDatabaseAndState(state_operations=[{}])"
DATABASE = "migrations.SeparateDatabaseAndState(database_operations=[{}])"
BREAKS = {
    "a column is dropped": (
        'migrations.RemoveField("bed", "note")', ['W001 beds."note"'], "after",
    ),
    "a column is dropped, and the state was changed before": (
        DATABASE.format('migrations.RemoveField("bed", "note")'), ['W001 beds."note"'], "after",
    ),
    "a table is dropped": (
        'migrations.DeleteModel("visit")', ["W001 ward_visit", "W001 ward_visit_beds"], "after",
    ),
    "a many-to-many table is dropped": (
        'migrations.RemoveField("visit", "beds")', ["W001 ward_visit_beds"], "after",
    ),
    "a column is renamed": (
        'migrations.RenameField("bed", "note", "remark")', ['W002 beds."note"'], "both",
    ),
    "a column gets another name in the database": (
        'migrations.AlterField("bed", "note", models.TextField(null=True, db_column="remark"))',
        ['W002 beds."note"'], "both",
    ),
    "a table is renamed": (
        'migrations.AlterModelTable("bed", "places")', ["W002 beds"], "both",
    ),
    "a model is renamed whose table follows": (
        'migrations.RenameModel("visit", "Stay")',
        ["W002 ward_visit", "W002 ward_visit_beds", 'W002 ward_visit_beds."visit_id"'], "both",
    ),
    "a model is renamed whose table stays, but not the column of its many-to-many table": (
        'migrations.RenameModel("Bed", "Place")', ['W002 ward_visit_beds."bed_id"'], "both",
    ),
    "code renames": (
        """migrations.RunSQL("ALTER TABLE beds RENAME note TO remark",
            state_operations=[migrations.RenameField("bed", "note", "remark")])""",
        ['W002 beds."note"'], "both",
    ),
    "a number becomes text": (
        'migrations.AlterField("bed", "number", models.TextField())', ['W003 beds."number"'], "both",
    ),
    "a text becomes shorter": (
        'migrations.AlterField("bed", "name", models.CharField(max_length=5))', ['W003 beds."name"'], "after",
    ),
    "a number loses digits before the point": (
        'migrations.AlterField("bed", "price", models.DecimalField(max_digits=8, decimal_places=3))',
        ['W003 beds."price"'], "after",
    ),
    "a key refers to a table with another type of key": (
        """migrations.CreateModel("House", [("id", models.UUIDField(primary_key=True))]),
        migrations.AlterField("bed", "clinic", models.ForeignKey("ward.House", models.CASCADE, null=True))""",
        ['W003 beds."clinic_id"'], "both",
    ),
    "a column is added NOT NULL, its default in Python alone": (
        'migrations.AddField("bed", "size", models.IntegerField(default=1))', ['W004 beds."size"'], "before",
    ),
    "a key is added NOT NULL": (
        'migrations.AddField("bed", "house", models.ForeignKey("ward.Clinic", models.CASCADE, default=1))',
        ['W004 beds."house_id"'], "before",
    ),
    "rows get an order": (
        'migrations.AlterOrderWithRespectTo("bed", "clinic")', ['W004 beds."_order"'], "before",
    ),
    "a column loses its default in the database": (
        'migrations.AlterField("bed", "rank", models.IntegerField(default=1))', ['W004 beds."rank"'], "after",
    ),
    "a column may not be NULL any more": (
        'migrations.AlterField("bed", "code", models.CharField(max_length=9, default=""))',
        ['W006 beds."code"'], "after",
    ),
}  # fmt: skip
SILENT = {
    "a new table": ('migrations.CreateModel("House", [("id", models.AutoField(primary_key=True))])', "before"),
    "what the same plan creates is changed": (
        """migrations.CreateModel("House", [("id", models.AutoField(primary_key=True)), ("a", models.TextField())]),
        migrations.RenameField("house", "a", "b"), migrations.AlterField("house", "b", models.IntegerField()),
        migrations.AddField("house", "c", models.IntegerField()), migrations.RemoveField("house", "b"),
        migrations.RenameModel("House", "Home"), migrations.DeleteModel("Home")""",
        "before",
    ),
    "a column that may be NULL": ('migrations.AddField("bed", "size", models.IntegerField(null=True))', "before"),
    "a column with a default in the database": (
        'migrations.AddField("bed", "size", models.IntegerField(db_default=1))', "before",
    ),
    "a generated column": (
        """migrations.AddField("bed", "twice", models.GeneratedField(
            expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=True))""",
        "before",
    ),
    "many to many": ('migrations.AddField("clinic", "beds", models.ManyToManyField("ward.Bed"))', "before"),
    "a column that code adds with a default": (
        """migrations.RunSQL("ALTER TABLE beds ADD COLUMN size integer NOT NULL DEFAULT 1",
            state_operations=[migrations.AddField("bed", "size", models.IntegerField(default=1))])""",
        "before",
    ),
    "a longer text": ('migrations.AlterField("bed", "name", models.CharField(max_length=99))', "before"),
    "a text without a limit": ('migrations.AlterField("bed", "name", models.TextField())', "before"),
    "a wider number": ('migrations.AlterField("bed", "number", models.BigIntegerField())', "before"),
    "a wider key": ('migrations.AlterField("clinic", "id", models.BigAutoField(primary_key=True))', "before"),
    "more digits": (
        'migrations.AlterField("bed", "price", models.DecimalField(max_digits=10, decimal_places=3))', "before",
    ),
    "a column may be NULL": ('migrations.AlterField("bed", "number", models.IntegerField(null=True))', "before"),
    "what Python alone sees": (
        """migrations.AlterField("bed", "name", models.CharField(max_length=9, default="x", verbose_name="y")),
        migrations.AlterModelOptions("bed", options={"ordering": ["name"]})""",
        "either",
    ),
    "a field is renamed and its column is not": (
        """migrations.AlterField("bed", "note", models.TextField(null=True, db_column="note")),
        migrations.RenameField("bed", "note", "remark")""",
        "either",
    ),
    "a model is renamed and its table is not": ('migrations.RenameModel("Lamp", "Light")', "either"),
    "a field is renamed in Python alone, as the documents say": (
        STATE.format("""migrations.RenameField("bed", "note", "remark"),
            migrations.AlterField("bed", "remark", models.TextField(null=True, db_column="note"))"""),
        "either",
    ),
    "a model is renamed in Python alone, as the documents say": (
        'migrations.AlterModelTable("clinic", "ward_clinic"), migrations.RenameModel("Clinic", "House")', "either",
    ),
    "a field leaves the models, as the documents say": (
        """migrations.AlterField("bed", "name", models.CharField(max_length=9, db_default="")),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("bed", "name")])""",
        "before",
    ),
    "a default before NULL is forbidden, as the documents say": (
        'migrations.AlterField("bed", "code", models.CharField(max_length=9, null=True, default=""))', "either",
    ),
    "NULL is forbidden where the release has a default": (
        'migrations.AlterField("bed", "grade", models.CharField(max_length=9, default="a"))', "either",
    ),
    "NULL is forbidden where the database has a default": (
        'migrations.AlterField("bed", "code", models.CharField(max_length=9, db_default=""))', "either",
    ),
    "the state alone loses a field": (STATE.format('migrations.RemoveField("bed", "note")'), "either"),
    "the state alone loses a model": (STATE.format('migrations.DeleteModel("visit")'), "either"),
    "an index": (
        'migrations.AddIndex("bed", models.Index(fields=["name"], name="beds_by_name"))', "either",
    ),
    "a constraint goes": (
        """migrations.AddConstraint("bed", models.UniqueConstraint(fields=["id"], name="one")),
        migrations.RemoveConstraint("bed", "one")""",
        "before",
    ),
}  # fmt: skip


def looked_at(ward):
    report = ward.look(depth=None)
    return report, [f"{one.id.removeprefix('application.')} {one.subject}" for one in report.findings
                    if one.id.startswith("application.W")]  # fmt: skip


@pytest.mark.parametrize(("operations", "found", "rollout"), BREAKS.values(), ids=BREAKS)
def test_what_breaks_is_found(ward, operations, found, rollout):
    ward.starts_with(BEFORE)
    name = ward.migration(operations)

    report, subjects = looked_at(ward)

    assert sorted(one for one in subjects if "W005" not in one) == sorted(found)
    assert report.plan.running_release.rollouts[f"ward.{name}"] == rollout


@pytest.mark.parametrize(("operations", "rollout"), SILENT.values(), ids=SILENT)
def test_what_the_running_release_can_live_with_is_not_a_warning(ward, operations, rollout):
    ward.starts_with(BEFORE)
    name = ward.migration(operations)

    report, subjects = looked_at(ward)

    assert subjects == []
    assert report.plan.running_release.rollouts.get(f"ward.{name}", "either") == rollout


def test_a_new_column_that_becomes_required_later_in_the_plan_is_found(ward):
    ward.starts_with(BEFORE)
    ward.migration('migrations.AddField("bed", "size", models.IntegerField(null=True))')
    ward.migration("migrations.RunPython(code)", before="def code(apps, schema_editor): pass")
    name = ward.migration('migrations.AlterField("bed", "size", models.IntegerField(default=1))')

    report, subjects = looked_at(ward)

    assert subjects == ['W004 beds."size"']
    assert report.plan.running_release.rollouts == {"ward.0002_step": "before", f"ward.{name}": "after"}


@pytest.mark.parametrize("last", [
    'migrations.AlterField("bed", "size", models.IntegerField(db_default=1))', 'migrations.RemoveField("bed", "size")',
])  # fmt: skip
def test_a_new_column_that_becomes_required_with_a_default_or_goes_again_is_not(ward, last):
    ward.starts_with(BEFORE)
    ward.migration('migrations.AddField("bed", "size", models.IntegerField(null=True))')
    ward.migration(last)

    _, subjects = looked_at(ward)

    assert subjects == []


def test_a_column_is_named_as_it_is_in_the_database_now(ward):
    ward.starts_with(BEFORE)
    ward.migration('migrations.AlterField("bed", "number", models.BigIntegerField())')
    ward.migration('migrations.RenameField("bed", "number", "position"), migrations.AlterModelTable("bed", "places")')
    ward.migration('migrations.RemoveField("bed", "position")')

    _, subjects = looked_at(ward)

    assert subjects == ['W001 beds."number"', "W002 beds", 'W002 beds."number"']


def test_operations_of_both_kinds_in_one_migration_are_a_finding_that_names_them(ward):
    ward.starts_with(BEFORE)
    name = ward.migration("""
        migrations.AddField("bed", "size", models.IntegerField(null=True)), migrations.RemoveField("bed", "note"),
        migrations.AddField("bed", "place", models.IntegerField(null=True))
    """)

    report, _ = looked_at(ward)

    (found,) = [one for one in report.findings if one.id == "application.W005"]
    assert (found.subject, found.migration) == (f"ward.{name}", f"ward.{name}")
    assert found.message == (
        "has what the new release needs (operations 1 and 3) and takes away what the running release needs "
        "(operation 2)."
    )
    assert report.plan.running_release.rollouts == {f"ward.{name}": "both"}


def test_a_dropped_column_that_the_new_release_could_not_leave_out_is_said_to_be_one(ward):
    ward.starts_with(BEFORE)
    ward.migration('migrations.RemoveField("bed", "name")')

    report, _ = looked_at(ward)

    (found,) = [one for one in report.findings if one.id == "application.W001"]
    assert (found.migration, found.operation) == ("ward.0002_step", 1)
    assert found.message == (
        "is dropped by ward.0002_step, and the running release uses it. The new release cannot add rows before that, "
        "because the column is NOT NULL without a default."
    )


def test_constraints_that_the_running_release_does_not_know_are_told_once_for_each_migration(ward):
    ward.starts_with(BEFORE)
    name = ward.migration("""
        migrations.AddConstraint("bed", models.CheckConstraint(condition=models.Q(number__gt=0), name="positive")),
        migrations.AlterField("bed", "name", models.CharField(max_length=9, unique=True)),
        migrations.AlterField("bed", "rank", models.PositiveIntegerField(db_default=1)),
        migrations.AlterField("bed", "grade", models.CharField(max_length=9, default="a")),
        migrations.AlterUniqueTogether("bed", {("number", "code")}),
        migrations.CreateModel("House", [("id", models.AutoField(primary_key=True))]),
        migrations.AddConstraint("house", models.CheckConstraint(condition=models.Q(id__gt=0), name="new")),
    """)

    report, subjects = looked_at(ward)

    (found,) = [one for one in report.findings if one.id == "application.I001"]
    assert (found.subject, subjects) == (f"ward.{name}", [])
    assert found.message == (
        'adds constraints that the running release does not know: "positive" on beds, unique on beds."name", a check '
        'that it is not negative on beds."rank", NOT NULL on beds."grade", unique (number, code) on beds.'
    )


def test_what_is_adopted_or_made_anew_breaks_nothing(ward):
    ward.migration(BEFORE)
    ward.migration('migrations.RemoveField("bed", "note"), migrations.RenameModel("Bed", "Place")')

    report, subjects = looked_at(ward)

    assert subjects == []
    assert set(report.plan.running_release.rollouts.values()) == {"before"}
