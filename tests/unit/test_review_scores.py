"""The benchmark of reviewers: what is a hazard, and that missing one and inventing one both count."""

import pytest

from tests.benchmarks.review.effects import Effects
from tests.benchmarks.review.operations import OPERATIONS, Operation
from tests.benchmarks.review.scores import differences, score, shows_hazard, table, truths

NOTHING = Effects(locks={}, scanned=[], rewritten=[], dropped=[])


def effects(lock="AccessExclusiveLock", *, on="op01_thing", scanned=(), rewritten=()):
    return Effects(locks={on: lock}, scanned=list(scanned), rewritten=list(rewritten), dropped=[])


@pytest.mark.parametrize(
    ("found", "hazards"),
    [
        (NOTHING, []),
        (effects(), []),
        (effects(scanned=["op01_thing"]), ["op01_thing is scanned"]),
        (effects("ShareLock", scanned=["op01_thing"]), ["op01_thing is scanned"]),
        (effects("ShareUpdateExclusiveLock", scanned=["op01_thing"]), []),
        (effects(scanned=["op01_thing"], rewritten=["op01_thing"]), ["op01_thing is rewritten"]),
        (effects("ShareRowExclusiveLock", on="op01_parent"), ["op01_parent is locked too"]),
        (effects("RowShareLock", on="op01_parent"), []),
    ],
)
def test_a_hazard_is_long_work_under_a_lock_that_stops_writers_or_such_a_lock_on_another_table(found, hazards):
    assert found.hazards("op01_thing") == hazards


def test_what_is_missed_and_what_is_invented_counts_and_what_breaks_counts_as_neither():
    operations = {
        "op01": Operation(name="long", text=""),
        "op02": Operation(name="instant", text=""),
        "op03": Operation(name="dropped", text="", breaks=True),
    }
    seen = {"op01": effects(scanned=["op01_thing"]), "op02": NOTHING, "op03": NOTHING}
    truth = truths(operations, seen)

    assert score(truth, {"op02", "op03"}) == {
        "found": 0, "hazards": 1, "false_alarms": 1, "neutral": 1, "missed": ["long"], "invented": ["instant"],
    }  # fmt: skip
    assert score(truth, {"op01"})["missed"] == score(truth, {"op01"})["invented"] == []
    assert shows_hazard(truth, seen) == {"op01"}
    assert differences(truth, seen) == []
    assert [one["operation"] for one in differences(truth, seen | {"op02": effects()})] == ["instant"]


def test_who_is_not_installed_stands_in_the_table():
    there = {
        "reviewer": "one",
        "reads": "SQL",
        "seconds": 1.26,
        "found": 2,
        "hazards": 3,
        "false_alarms": 0,
        "neutral": 4,
    }
    not_there = {"reviewer": "two", "reads": "SQL", "skipped": "not installed"}

    assert table([there, not_there]).splitlines()[2:] == [
        "| one | SQL | 2 of 3 | 0 of 4 | 1.3 |",
        "| two | SQL | not run: not installed | | |",
    ]


def test_the_names_of_the_operations_are_told_apart():
    assert len({one.name for one in OPERATIONS}) == len(OPERATIONS) >= 40
