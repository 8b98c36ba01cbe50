"""Tables and columns read from a migration state without rendering it are those of the rendered models."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from migrations_safety.plan.lineage import ColumnName
from migrations_safety.plan.model_layouts import Layouts
from migrations_safety.schema.declared_models import managed_models


@pytest.fixture(autouse=True)
def on_postgresql(empty, in_process):
    """Names are cut by the rules of the default connection."""
    in_process(empty)


CONTRIB = ["auth", "admin", "contenttypes", "sessions", "sites", "flatpages", "redirects"]


def rendered(state):
    """By table: each column, and the table and column that it points at."""
    return {
        model._meta.db_table: {
            field.column: ColumnName(
                table=field.target_field.model._meta.db_table, column=str(field.target_field.column)
            )
            if isinstance(field, models.ForeignKey)
            else None
            for field in model._meta.local_concrete_fields
        }
        for model in managed_models(state.apps)
    }


def unrendered(state):
    layouts = Layouts(connection.alias)
    return {
        one.table: {
            field.column: layouts.target(state, field.target, field.target_field) if field.target else None
            for field in one.fields.values()
        }
        for one in layouts.of(state).values()
    }


def test_of_the_apps_that_django_brings_after_each_of_their_migrations(settings):
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *(f"django.contrib.{app}" for app in CONTRIB)]
    loader = MigrationLoader(None)
    state = ProjectState()

    for node in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        state = loader.graph.nodes[node].mutate_state(state, preserve=False)
        assert unrendered(state) == rendered(state.clone()), node

    assert len(unrendered(state)) > 20


AGAIN = models.F("n") + 0
KEY = ("id", models.BigAutoField(primary_key=True))
ODD = {
    "a name that Django cuts": migrations.CreateModel("A" + "b" * 70, [KEY]),
    "a quoted table": migrations.CreateModel("Thing", [KEY], {"db_table": '"other"."thing"'}),
    "a table between, with its own name": migrations.CreateModel(
        "Thing", [KEY, ("others", models.ManyToManyField("self", db_table="between"))]
    ),
    "a table between with a long name": migrations.CreateModel(
        "Thing", [KEY, ("o" * 60, models.ManyToManyField("odd.Thing"))], {"db_table": '"thing"'}
    ),
    "an order": migrations.CreateModel(
        "Thing",
        [KEY, ("other", models.ForeignKey("self", models.CASCADE, null=True))],
        {"order_with_respect_to": "other"},
    ),
    "a key under another name": migrations.CreateModel(
        "Thing", [("code", models.CharField(max_length=9, primary_key=True, db_column="Code"))]
    ),
    "a column that is computed": migrations.CreateModel(
        "Thing",
        [
            KEY,
            ("n", models.IntegerField()),
            ("m", models.GeneratedField(expression=AGAIN, output_field=models.IntegerField(), db_persist=True)),
        ],
    ),
    "a key of two columns": migrations.CreateModel(
        "Thing", [("a", models.IntegerField()), ("b", models.TextField()), ("pk", models.CompositePrimaryKey("a", "b"))]
    ),
    "nothing that is unique together": migrations.CreateModel("Thing", [KEY], {"unique_together": None}),
    "unmanaged": migrations.CreateModel("Thing", [KEY], {"managed": False}),
    "swapped for another": migrations.CreateModel("User", [KEY], {"swappable": "ODD_USER_MODEL"}),
}  # fmt: skip


@pytest.mark.parametrize("shape", ODD)
def test_of_what_is_seldom(shape, settings):
    settings.ODD_USER_MODEL = "odd.Other"
    state = ProjectState()
    for operation in (migrations.CreateModel("Other", [KEY]), ODD[shape]):
        operation.state_forwards("odd", state)

    assert unrendered(state) == rendered(state)


@pytest.mark.parametrize(("given", "sets"), [(None, []), (("n", "m"), ["unique (n, m)"]), ([["n"]], ["unique (n)"])])
def test_fields_that_are_unique_together_are_read_in_each_way_that_django_reads_them(given, sets):
    state = ProjectState()
    numbers = [("n", models.IntegerField()), ("m", models.IntegerField())]
    migrations.CreateModel("Thing", [KEY, *numbers], {"unique_together": given}).state_forwards("odd", state)

    assert list(Layouts(connection.alias).of(state)["odd", "thing"].constraints) == sets


def test_of_one_that_inherits_and_of_a_proxy():
    state = ProjectState()
    pointer = models.OneToOneField("odd.Thing", models.CASCADE, parent_link=True, primary_key=True)
    for operation in (
        migrations.CreateModel("Thing", [KEY, ("code", models.IntegerField(unique=True))]),
        migrations.CreateModel("Special", [("thing_ptr", pointer)], bases=("odd.thing",)),
        migrations.CreateModel("Shown", [], {"proxy": True}, bases=("odd.special",)),
        migrations.CreateModel("User", [KEY, ("special", models.ForeignKey("odd.Special", models.CASCADE))]),
        migrations.AddField("User", "shown", models.ForeignKey("odd.Shown", models.CASCADE)),
    ):
        operation.state_forwards("odd", state)

    assert unrendered(state) == rendered(state)
