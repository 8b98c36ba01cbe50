"""The steps of a plan, read without rendering the models, are those of the whole plan."""

import pytest

from migrations_safety.plan import migration_plan, planned_steps


def labels(plan):
    return [[one.label for one in part] for part in (plan.adopted, plan.migrations, plan.unapplied)]


def checksums(plan):
    return [one.checksum for part in (plan.adopted, plan.migrations, plan.unapplied) for one in part]


@pytest.mark.parametrize(
    ("state", "target", "counts"),
    [
        ("hospital", {}, (1, 3, 0)),
        ("hospital", {"app_label": "patients"}, (1, 1, 0)),
        ("with_patients", {"app_label": "ehr", "migration_name": "0002"}, (0, 1, 0)),
        ("migrated", {}, (0, 0, 0)),
        ("migrated", {"app_label": "patients", "migration_name": "zero"}, (0, 0, 3)),
    ],
    ids=["all", "an app", "a migration", "nothing", "back"],
)
def test_they_are_those_of_the_whole_plan(make, in_process, state, target, counts):
    connection = in_process(make(state))

    steps = planned_steps.read(connection, **target)

    plan = migration_plan.read(connection, **target)
    assert labels(steps) == labels(plan)
    assert list(steps.checksums.values()) == checksums(plan)
    assert tuple(map(len, labels(steps))) == counts


def test_with_forwards_only_nothing_is_rolled_back(make, in_process):
    connection = in_process(make("migrated"))

    steps = planned_steps.read(connection, app_label="patients", migration_name="zero", forwards_only=True)

    assert steps.checksums == {}
