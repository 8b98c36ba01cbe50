"""precheck and the gate of migrate judge the locks of the plan by the tables of the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.management.base import CommandError
from django.test import override_settings

from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.postgresql.table_figures import SavedFigures, figures
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions, TrafficOptions
from migrations_safety.rendering import serialization, text
from tests.support.in_process import migrate
from tests.support.measured_app import ROWS, write

pytestmark = pytest.mark.any_postgresql

INDEX = 'migrations.AddIndex("bed", models.Index(fields=["number"], name="bed_number"))'
OTHER_INDEX = 'migrations.AddIndex("ward", models.Index(fields=["beds"], name="ward_beds"))'
ON_LOGS = 'migrations.RunSQL("ALTER TABLE log ADD COLUMN note text")'
STRICT = TrafficOptions(max_stall=0.000001, small=0)


@pytest.fixture
def look(measured, make):
    """`look(operation, traffic)`: the report of precheck on one migration with this operation."""
    app, database, connection = measured
    database.execute(f"{ROWS}; CREATE TABLE log (id int); SELECT pg_stat_force_next_flush()")

    def report(operation: str, traffic: TrafficOptions = STRICT) -> Any:
        write(app, [operation])
        measure = MeasureOptions(scratch_url=make("empty").url)
        options = PrecheckOptions(app_label="ward", measure=measure, traffic=traffic)
        found = precheck.run(using=connection.alias, options=options)
        assert found.review.measured.measured == "url", found.review.measured.reason
        return found

    return report


def locks(report: Any) -> list[str]:
    return [f"{one.id} {one.subject}" for one in report.findings if one.id.startswith("locks.")]


def test_a_lock_that_is_held_too_long_blocks_and_the_json_has_the_figures(look):
    report = look(INDEX)

    assert locks(report) == ["locks.E002 ward_bed"]
    assert report.verdict == "blocked"
    lines = text.precheck(report, seconds=1, width=120, colour=False).splitlines()
    (row,) = [line.split() for line in lines if line.startswith("ward_bed ")]
    assert row[:2] == ["ward_bed", "unknown"]
    assert row[-1] == "0"
    found = serialization.precheck(report, seconds=1)
    (table,) = found["tables"]
    assert (table["table"], table["open_transactions"], table["rows"]) == ("ward_bed", 0, None)
    assert table["writes_per_second"] >= 0
    (held,) = found["plan"]["transactions"][0]["held"]
    assert (held["table"], held["lock"], held["until_granted"]) == ("ward_bed", "ShareLock", 0)
    assert 0 < held["seconds"]["least"] < held["seconds"]["most"]
    assert held["stops_writers"] == held["seconds"]
    assert held["stops_readers"] is None


def test_a_long_transaction_on_a_table_that_only_a_runsql_names_is_told_once(look, measured):
    _, database, _ = measured
    with psycopg.connect(database.url) as session:
        session.execute("SELECT FROM log")
        report = look(ON_LOGS)

    assert sorted(locks(report)) == ["locks.I001 log", "locks.W001 log"]


def test_figures_from_a_file_are_used_instead_and_named(look, measured):
    _, _, connection = measured
    bed = figures(connection)["ward_bed"]
    saved = SavedFigures(
        file="figures.json", taken_at=datetime.now(UTC) - timedelta(days=3), database="far", host="there",
        in_recovery=True, figures={"ward_bed": bed}, age=259_200,
    )  # fmt: skip

    report = look(f"{INDEX}, {ON_LOGS}", TrafficOptions(max_stall=1000, small=0, saved=saved))

    assert report.review.figures == {"ward_bed": bed}
    assert sorted(locks(report)) == ["locks.I001 log"]
    assert serialization.precheck(report, seconds=1)["statistics"]["age_seconds"] == 259_200
    said = " ".join(text.precheck(report, seconds=1, width=200, colour=False).split())
    where = 'the database "far" at there, a standby, 3 days ago (figures.json).'
    assert f"Sizes and traffic of the tables are those of {where}" in said
    unknown = look(OTHER_INDEX, TrafficOptions(max_stall=1000, small=0, saved=saved))
    assert "locks.W005 ward_ward" in locks(unknown)


@pytest.mark.parametrize(
    ("tables", "blocks"),
    [(["log"], True), (["public.log"], True), (["ward_bed"], False), ([], False)],
)
def test_the_gate_refuses_a_lock_on_a_hot_table(look, measured, make, tables, blocks):
    app, database, _ = measured
    write(app, [ON_LOGS])
    how = {"measure": True, "scratch_url": make("empty").url}

    with override_settings(MIGRATIONS_SAFETY_HOT_TABLES=tables):
        if blocks:
            with pytest.raises(CommandError):
                migrate("ward", **how)
        else:
            migrate("ward", **how)

    columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'log'::regclass AND attname = 'note'"
    assert database.value(columns) == (0 if blocks else 1)


@pytest.mark.parametrize("setting", ["log", [1], [""], None, {"log": 1}])
def test_a_setting_of_hot_tables_that_is_no_list_of_names_is_refused(measured, setting):
    with (
        override_settings(MIGRATIONS_SAFETY_HOT_TABLES=setting),
        pytest.raises(CommandError, match="MIGRATIONS_SAFETY_HOT_TABLES is no list of table names"),
    ):
        migrate("ward")
