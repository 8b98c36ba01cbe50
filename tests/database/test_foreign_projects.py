"""What other projects do: apps without migrations, keys that change their target, names in other schemas."""

import pytest
from django.db import connections, migrations, models
from django.db.migrations.state import ProjectState

from migrations_safety.plan import migration_plan, planned_changes, planned_keys
from migrations_safety.plan.lineage import ColumnName
from migrations_safety.plan.operation_steps import follow
from migrations_safety.plan.planned_changes import AlteredColumn
from migrations_safety.schema.declared_keys import declared_keys
from migrations_safety.sql.identifiers import quote_if_needed


def state_with(*operations):
    state = ProjectState()
    for operation in operations:
        operation.state_forwards("shop", state)
    return state


def model(name, *fields, **options):
    return migrations.CreateModel(name, [("id", models.BigAutoField(primary_key=True)), *fields], options)


def migration(*operations):
    return type("Migration", (migrations.Migration,), {"operations": list(operations)})("0002_more", "shop")


CUSTOMER, PAYER = model("customer"), model("payer")
ORDER = model("order", ("customer", models.ForeignKey("shop.customer", models.CASCADE)))


def keys_of(state, *operations):
    changes = follow([migration(*operations)], state, alias="default")
    return [(key.table, key.target_table) for key in planned_keys.keys_of(changes, state.apps)]


def test_a_key_that_gets_another_target_is_a_new_one():
    changed = migrations.AlterField("order", "customer", models.ForeignKey("shop.payer", models.CASCADE))

    assert keys_of(state_with(CUSTOMER, PAYER, ORDER), changed) == [("shop_order", "shop_payer")]


def test_a_table_that_becomes_managed_gets_no_key_by_that():
    unmanaged = model("order", ("customer", models.ForeignKey("shop.customer", models.CASCADE)), managed=False)

    managed = migrations.AlterModelOptions("order", {"managed": True})

    assert keys_of(state_with(CUSTOMER, unmanaged), managed) == []


def test_a_name_that_the_plan_frees_first_is_not_needed_to_be_free():
    renames = migration(migrations.RenameModel("order", "old_order"), ORDER)

    changes = follow([renames], state_with(CUSTOMER, ORDER), alias="default")

    assert [one.name for one in changes.table_names] == []
    assert [one.name for one in changes.other_names] == ["shop_old_order"]


def test_a_column_and_an_index_of_the_plan_are_known_to_be_coming(in_process, empty):
    in_process(empty)
    state = state_with(model("customer", ("code", models.CharField(max_length=9))))
    before = state.clone().apps
    unique = migrations.AlterField("customer", "code", models.CharField(max_length=9, unique=True))

    changes = follow([migration(unique)], state, alias="default")

    assert list(planned_changes.altered_columns(changes, before, state.apps)) == [
        AlteredColumn(table="shop_customer", column="code", type="varchar(9)", is_unique=True)
    ]
    assert list(planned_changes.indexed_columns(changes)) == [ColumnName(table="shop_customer", column="code")]


def test_apps_without_migrations_are_not_missed(hospital, in_process, settings):
    connection = in_process(hospital)
    settings.MIGRATION_MODULES = {"patients": None, "ehr": None}

    assert migration_plan.read(connection).relied_on == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bills", "bills"),
        ("Order", '"Order"'),
        ("order", '"order"'),
        ('"sales"."Order"', '"sales"."Order"'),
        ('sales"."order', '"sales"."order"'),
    ],
)
def test_a_name_is_told_as_a_statement_needs_it(name, expected):
    assert quote_if_needed(name) == expected


def test_types_are_those_of_postgresql_whatever_the_default_database_is(in_process, hospital):
    in_process(hospital)
    state = state_with(CUSTOMER, ORDER)

    (key,) = declared_keys(state.apps.get_model("shop", "order"))

    assert key.column_type == "bigint"
    assert connections["default"].vendor == "postgresql"
