"""A database with orphans of every class is rehearsed with the backfill as asked for, and none of them is shown."""

import pytest

from migrations_safety.census.identifier_classes import PLACEHOLDER_CLASSES
from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import refer
from tests.support.identifiers import OF_UUID_COLUMNS, SAMPLES
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("state", "samples"), [("hospital", OF_UUID_COLUMNS), ("hospital_text", SAMPLES)])
def test_orphans_of_every_class_are_rehearsed_with_the_backfill(request, state, samples):
    database = request.getfixturevalue(state)
    for values in samples.values():
        refer(database, "surgical_cases", *values)
        refer(database, "bills", *values)
    before = row_snapshot(database), catalog_snapshot(database)
    words = ("rehearse", "--writers", "0", "--format", "json")

    refused = database.run(*words, "--backfill")
    real = database.run("backfill_placeholders", "--dry-run", "--format", "json")

    assert refused.code == 1, refused.said
    [step] = refused.json["steps"]
    assert (step["name"], step["exit_code"]) == ("backfill_placeholders", 1)
    assert set(real.json["refused"]) == set(samples) - set(PLACEHOLDER_CLASSES)
    shown = [value for values in samples.values() for value in values if len(value) > 8 and value in refused.said]
    assert shown == []
    assert (row_snapshot(database), catalog_snapshot(database)) == before
