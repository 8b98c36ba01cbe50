"""`restore_dropped`: what was kept comes back with all values, keys and indexes, and what cannot come back is named."""

import pytest

from migrations_safety.migrate.options import LockOptions
from migrations_safety.recovery.kept import restoration
from migrations_safety.recovery.kept.options import KeptOptions
from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.in_process import installed, migrate
from tests.support.sample_app import SampleApp

ZERO, NEXT = "0001_initial", "0002_drop"
MODELS = """
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20, unique=True)),
        ("note", models.TextField(db_index=True, default="none")), ("n", models.IntegerField(db_default=7)),
    ], options={"constraints": [models.CheckConstraint(condition=models.Q(n__gt=0), name="bed_n_positive")]}),
    migrations.CreateModel("Stay", [
        ("id", models.BigAutoField(primary_key=True)), ("bed", models.ForeignKey("ward.Bed", models.CASCADE)),
    ]),
"""
ROWS = """
    INSERT INTO ward_bed (name, note, n) SELECT 'bed ' || i, 'note ' || i, i FROM generate_series(1, 100) i;
    INSERT INTO ward_stay (bed_id) SELECT id FROM ward_bed
"""
BEDS = "SELECT id, name, note, n FROM ward_bed ORDER BY id"


@pytest.fixture
def ward(tmp_path, empty, in_process):
    """`ward(operations)`: the database after a second migration whose drops were kept."""
    app = SampleApp(tmp_path)
    app.migration(ZERO, MODELS)
    in_process(empty)
    with installed(app):
        migrate("ward")
        empty.execute(ROWS)

        def keep(operations):
            app.migration(NEXT, operations, after=("ward", ZERO))
            migrate("ward", keep_dropped=True, skip_precheck=True)
            return empty

        yield keep


def restore(*numbers):
    return restoration.run(KeptOptions(using="default", numbers=numbers, locks=LockOptions(retry_for=20)))


def ids(report):
    return [one.id for one in report.findings]


@pytest.mark.parametrize(
    "operations",
    [
        'migrations.DeleteModel("Stay")',
        'migrations.DeleteModel("Stay"), migrations.DeleteModel("Bed")',
        'migrations.RemoveField("Bed", "note")',
        'migrations.RemoveField("Bed", "name")',
        'migrations.RunSQL("ALTER TABLE ward_bed DROP COLUMN n CASCADE")',
        'migrations.RunSQL("ALTER TABLE ward_bed DROP COLUMN id CASCADE")',
        'migrations.RemoveField("Stay", "bed")',
        'migrations.RemoveField("Bed", "note"), migrations.DeleteModel("Stay"), migrations.DeleteModel("Bed")',
    ],
)
def test_the_catalog_and_the_rows_are_those_from_before(ward, empty, operations):
    before, rows = catalog_snapshot(empty), empty.rows(BEDS)
    stays = empty.rows("SELECT id, bed_id FROM ward_stay ORDER BY id")
    ward(operations)

    report = restore()

    assert (report.verdict, ids(report)) == ("restored", [])
    assert catalog_snapshot(empty) == before
    assert empty.rows(BEDS) == rows
    assert empty.rows("SELECT id, bed_id FROM ward_stay ORDER BY id") == stays
    assert restore().verdict == "nothing kept"


def test_an_identity_counts_on(ward, empty):
    ward('migrations.RunSQL("ALTER TABLE ward_bed DROP COLUMN id CASCADE")')

    restore()

    empty.execute("INSERT INTO ward_bed (name, note) VALUES ('new', '')")
    assert empty.value("SELECT max(id) FROM ward_bed") == 101


def test_a_rollback_and_then_the_values(ward, empty):
    """The usual case: the release goes back, Django makes the column again, and the application writes meanwhile."""
    before, beds = catalog_snapshot(empty), empty.rows(BEDS)
    ward('migrations.RemoveField("Bed", "note")')
    empty.execute("INSERT INTO ward_bed (name) VALUES ('while it was kept')")
    migrate("ward", ZERO, skip_precheck=True)
    empty.execute("INSERT INTO ward_bed (name, note) VALUES ('after', 'written after')")
    empty.execute("UPDATE ward_bed SET note = 'changed' WHERE id = 7")

    report = restore()

    assert (report.verdict, ids(report)) == ("restored", [])
    expected = [(id, name, "changed" if id == 7 else note, n) for id, name, note, n in beds]
    assert empty.rows(BEDS) == [
        *expected, (101, "while it was kept", "none", 7), (102, "after", "written after", 7),
    ]  # fmt: skip
    after = catalog_snapshot(empty)
    assert {
        name: [one for one in found if "migrations_safety_kept" not in str(one)] for name, found in after.items()
    } == {name: list(found) for name, found in before.items()}


def test_a_table_that_was_made_again_and_is_empty_makes_place(ward, empty):
    before, beds = catalog_snapshot(empty), empty.rows(BEDS)
    ward('migrations.DeleteModel("Stay"), migrations.DeleteModel("Bed")')
    migrate("ward", ZERO, skip_precheck=True)

    report = restore()

    assert (report.verdict, ids(report)) == ("restored", [])
    assert empty.rows(BEDS) == beds
    assert catalog_snapshot(empty) == before


def test_one_with_rows_does_not(ward, empty):
    ward('migrations.DeleteModel("Stay")')
    migrate("ward", ZERO, skip_precheck=True)
    empty.execute("INSERT INTO ward_stay (bed_id) VALUES (1)")

    report = restore()

    assert (report.verdict, ids(report)) == ("refused", ["recovery.E053"])
    assert empty.value("SELECT count(*) FROM ward_stay") == 1
    assert empty.value("SELECT count(*) FROM migrations_safety_kept.migrations_safety_kept_1_ward_stay") == 100


def test_what_rows_of_today_forbid_is_named(ward, empty):
    ward('migrations.RemoveField("Bed", "note"), migrations.DeleteModel("Stay")')
    empty.execute("INSERT INTO ward_bed (name) VALUES ('new')")
    empty.execute("DELETE FROM ward_bed WHERE id = 3")

    report = restore()

    assert sorted(ids(report)) == ["recovery.E055", "recovery.E056"]
    assert report.verdict == "in part"
    assert empty.value("SELECT count(*) FROM ward_stay") == 100
    assert empty.value("SELECT count(note) FROM ward_bed") == 99


def test_the_command_lists_and_restores(ward, empty):
    ward('migrations.DeleteModel("Stay")')

    listed = empty.run("restore_dropped", "--list", "--format", "json")
    done = empty.run("restore_dropped", "1")
    wrong = empty.run("restore_dropped", "7")

    assert (listed.code, listed.json["verdict"]) == (0, "kept")
    assert [one["table"] for one in listed.json["things"]] == ["ward_stay"]
    assert (done.code, done.err.splitlines()[-1]) == (0, "restore_dropped: restored.")
    assert (wrong.code, "restore_dropped --list" in wrong.err) == (2, True)


BRACES = """
    ALTER TABLE ward_bed ADD COLUMN told jsonb NOT NULL DEFAULT '{}'::jsonb, ADD COLUMN code text DEFAULT 'a{b}',
        ADD CONSTRAINT code_has_braces CHECK (code ~ '^a.{3,}$' OR code ~ '^[a-z]{1}.*$');
    CREATE INDEX ward_bed_code ON ward_bed (code) WHERE code <> '{}'
"""


def test_braces_in_definitions_come_back_as_they_were(ward, empty):
    empty.execute(BRACES)
    before = catalog_snapshot(empty)
    drop = "ALTER TABLE ward_bed DROP COLUMN told CASCADE", "ALTER TABLE ward_bed DROP COLUMN code CASCADE"
    ward(", ".join(f'migrations.RunSQL("{one}")' for one in drop))

    report = restore()

    assert (report.verdict, ids(report)) == ("restored", [])
    assert catalog_snapshot(empty) == before


def test_a_column_made_again_with_a_type_that_has_no_equality_is_restored(ward, empty):
    empty.execute("ALTER TABLE ward_bed ADD COLUMN told json DEFAULT '1'")
    ward('migrations.RunSQL("ALTER TABLE ward_bed DROP COLUMN told CASCADE")')
    empty.execute("ALTER TABLE ward_bed ADD COLUMN told json; UPDATE ward_bed SET told = '2' WHERE id = 1")

    assert restore().verdict == "restored"
    empty.execute("UPDATE ward_bed SET told = '3' WHERE id = 2; INSERT INTO ward_bed (name, note) VALUES ('x', 'y')")

    assert empty.rows("SELECT id, told::text FROM ward_bed WHERE id < 4 ORDER BY id") == [(1, "2"), (2, "3"), (3, "1")]


def test_old_values_stay_where_a_rewrite_has_ended_what_says_which_rows_were_written(ward, empty):
    ward('migrations.RunSQL("ALTER TABLE ward_bed DROP COLUMN n CASCADE")')
    empty.execute("ALTER TABLE ward_bed ADD COLUMN n integer NOT NULL DEFAULT 7")
    empty.execute("VACUUM FULL ward_bed")

    restore()

    assert empty.value("SELECT count(*) FROM ward_bed WHERE n = id") == 100


KILLED_BETWEEN = """
    migrations.RunSQL("ALTER TABLE ward_stay DROP CONSTRAINT IF EXISTS {key}"),
    migrations.RunSQL("SELECT 1 / (SELECT count(*) FROM pg_class WHERE relname = 'go_on')"),
    migrations.RemoveField("Stay", "bed")
"""


def test_a_key_that_was_dropped_before_a_kill_comes_back_with_its_column(tmp_path, empty, in_process):
    app = SampleApp(tmp_path)
    app.migration(ZERO, MODELS)
    in_process(empty)
    with installed(app):
        migrate("ward")
        empty.execute(ROWS)
        before = catalog_snapshot(empty)
        key = empty.value("SELECT conname FROM pg_constraint WHERE conrelid = 'ward_stay'::regclass AND contype = 'f'")
        app.migration(NEXT, KILLED_BETWEEN.format(key=key), after=("ward", ZERO), atomic=False)
        with pytest.raises(Exception, match="division by zero"):
            migrate("ward", keep_dropped=True, skip_precheck=True)
        empty.execute("CREATE TABLE go_on ()")
        migrate("ward", keep_dropped=True, skip_precheck=True)
        empty.execute("DROP TABLE go_on")

        report = restore()

    assert (report.verdict, ids(report)) == ("restored", [])
    assert catalog_snapshot(empty) == before
    assert empty.value("SELECT count(*) FROM migrations_safety_kept.dropped_key") == 0
