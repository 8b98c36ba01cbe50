"""Killed in a migration that is not one transaction, `migrate --keep-dropped` goes on when it runs again."""

import re

import pytest

from tests.support.foreign_project import everything
from tests.support.sample_app import SampleApp
from tests.torture.commits import EVERY_BOUNDARY, AroundCommits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(0 if EVERY_BOUNDARY else 1800),  # seconds: it runs some hundred commands
]
MODELS = """
    migrations.CreateModel("Bed", [
        ("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20, unique=True)),
        ("note", models.TextField(db_index=True, default="none")), ("n", models.IntegerField(db_default=7)),
        ("kind", models.CharField(max_length=20, null=True)), ("mark", models.IntegerField(null=True)),
    ], options={"constraints": [models.CheckConstraint(condition=models.Q(n__gt=0), name="bed_n_positive")],
                "indexes": [models.Index(fields=["mark"], name="bed_mark")]}),
    migrations.CreateModel("Stay", [
        ("id", models.BigAutoField(primary_key=True)),
        ("bed", models.ForeignKey("ward.Bed", models.CASCADE, null=True)),
    ]),
    migrations.CreateModel("Cot", [
        ("id", models.BigAutoField(primary_key=True)), ("beds", models.ManyToManyField("ward.Bed")),
    ]),
"""
DROPS = """
    migrations.RemoveConstraint("Bed", "bed_n_positive"),
    migrations.RemoveField("Stay", "bed"),
    AddIndexConcurrently("Bed", models.Index(fields=["kind"], name="bed_kind")),
    migrations.RemoveField("Bed", "note"),
    migrations.RunSQL(["ALTER TABLE ward_bed DROP COLUMN n", "ALTER TABLE ward_bed DROP COLUMN mark CASCADE"],
        ["ALTER TABLE ward_bed ADD n int NOT NULL DEFAULT 7", "ALTER TABLE ward_bed ADD mark int",
         "CREATE INDEX bed_mark ON ward_bed (mark)"],
        state_operations=[migrations.RemoveField("Bed", "n"), migrations.RemoveIndex("Bed", "bed_mark"),
                          migrations.RemoveField("Bed", "mark")]),
    migrations.AddField("Stay", "cot", models.ForeignKey("ward.Cot", models.SET_NULL, null=True)),
    migrations.AlterField("Bed", "kind", models.CharField(max_length=40, null=True)),
    migrations.CreateModel("Room", [
        ("id", models.BigAutoField(primary_key=True)), ("bed", models.ForeignKey("ward.Bed", models.CASCADE)),
    ]),
    migrations.RenameField("Bed", "kind", "sort"),
    migrations.RemoveField("Stay", "cot"),
    migrations.DeleteModel("Cot"),
"""
HEAD = "from django.contrib.postgres.operations import AddIndexConcurrently"
ROWS = """
    INSERT INTO ward_bed (name, note) SELECT 'bed ' || i, 'note ' || i FROM generate_series(1, 20) i;
    INSERT INTO ward_stay (bed_id) SELECT id FROM ward_bed;
    INSERT INTO ward_cot SELECT FROM generate_series(1, 5);
    INSERT INTO ward_cot_beds (cot_id, bed_id) SELECT c.id, b.id FROM ward_cot c, ward_bed b
"""
KEEP = ("migrate", "ward", "--keep-dropped", "--no-progress")
BACK = ("migrate", "ward", "0001", "--keep-dropped", "--no-progress")
RECORD = "migrations_safety_kept"
NUMBER = re.compile(r"kept_\d+")


def all_of(database):
    """The catalog and the rows; numbers differ where a kill has used some up."""
    found = {}
    for name, them in everything(database).items():
        if name not in (f"rows of {RECORD}.record", f"rows of {RECORD}.step", f"rows of {RECORD}.dropped_key"):
            lines = [NUMBER.sub("kept_N", repr(one)) for one in (them if isinstance(them, list) else [them])]
            found[NUMBER.sub("kept_N", name)] = sorted(lines)
    return found


KEPT = "SELECT kind, table_name, column_name, migration FROM migrations_safety_kept.record ORDER BY number"


@pytest.fixture(scope="module")
def ward(cluster, tmp_path_factory):
    """The database before the drops."""
    app = SampleApp(tmp_path_factory.mktemp("ward"))
    app.migration("0001_initial", MODELS)
    app.migration("0002_drop", DROPS, after=("ward", "0001_initial"), atomic=False, before=HEAD)
    template = cluster.create("empty", "uuid")
    done = template.run("migrate", "ward", "0001", **app.variables)
    assert done.code == 0, done.said
    template.execute(ROWS)
    return AroundCommits(cluster=cluster, template=template, variables=app.variables, said=app.folder / "said")


def test_forwards(ward):
    proved(ward, KEEP)


def proved(ward, command, *, every=1):
    database, stops = ward.stops(*command)
    expected, kept = all_of(database), database.rows(KEPT)
    ward.cluster.drop(database)
    assert len(stops) > 15

    for database, where in ward.killed(*command, stops=stops[:: 1 if EVERY_BOUNDARY else every]):
        assert database.rows(KEPT) == kept, where
        assert all_of(database) == expected, where
        assert database.value("SELECT count(*) FROM migrations_safety_kept.step") == 0


def test_backwards(ward):
    template = ward.copy()
    assert ward.run(*KEEP, url=template.url) == 0, ward.said.read_text()
    around = AroundCommits(cluster=ward.cluster, template=template, variables=ward.variables, said=ward.said)
    proved(around, BACK, every=2)
