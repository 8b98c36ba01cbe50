"""`precheck --write-statistics` keeps the figures of the tables, `--statistics` reads them again."""

import json
import stat
from datetime import UTC, datetime

import pytest

from migrations_safety.messages.refusals.locks import StatisticsRefused
from migrations_safety.postgresql.table_figures import SavedFigures
from migrations_safety.precheck import statistics


def test_the_figures_of_all_tables_are_written_and_nothing_is_checked(hospital, tmp_path):
    file = tmp_path / "figures.json"
    hospital.execute("ANALYZE bills")

    result = hospital.run("precheck", "--write-statistics", str(file))

    assert result.code == 0, result.err
    assert f"written to {file}; nothing was checked." in " ".join(result.out.split())
    assert "nothing was checked." in result.err.splitlines()[-1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = json.loads(file.read_text())
    tables = {one["table"]: one for one in found["tables"]}
    assert {"bills", "users", "surgical_cases"} <= set(tables)
    assert tables["bills"]["rows"] == 0
    assert tables["users"]["rows"] is None
    assert found["database"] == {"name": hospital.name, "host": found["database"]["host"], "in_recovery": False}


def test_the_report_on_it_as_json_has_the_figures(hospital, tmp_path):
    result = hospital.run("precheck", "--write-statistics", str(tmp_path / "x"), "--format", "json")

    assert (result.code, result.json["verdict"]) == (0, "not checked")
    assert "bills" in {one["table"] for one in result.json["tables"]}


def test_a_role_that_may_read_no_table_writes_them(hospital, new_role, tmp_path):
    role = new_role()
    url = hospital.url.replace("postgres@", f"{role.replace(' ', '%20')}:secret@")

    result = hospital.run("precheck", "--write-statistics", str(tmp_path / "figures.json"), url=url)

    assert result.code == 0, result.err


def test_a_standby_writes_them_without_what_it_does_not_know(hospital, standby_of, tmp_path):
    file = tmp_path / "figures.json"

    result = standby_of(hospital).run("precheck", "--write-statistics", str(file))

    assert result.code == 0, result.err
    found = json.loads(file.read_text())
    assert found["database"]["in_recovery"] is True
    assert {one["writes_per_second"] for one in found["tables"]} == {None}


def test_what_was_written_is_read_again_without_the_transactions_of_then(hospital, tmp_path, in_process):
    in_process(hospital)
    file = tmp_path / "figures.json"
    with hospital.session("SELECT FROM bills"):
        _, taken = statistics.take(using="default", file=str(file))
    file.write_text(statistics.as_text(taken))

    read = statistics.read(str(file), now=NOW)

    assert isinstance(read, SavedFigures)
    assert (taken.figures["bills"].open_transactions, read.figures["bills"].open_transactions) == (1, None)
    assert read.figures["bills"].longest_transaction_seconds is None
    assert read.figures["bills"].bytes == taken.figures["bills"].bytes
    assert 0 <= read.age == (NOW - read.taken_at).total_seconds()


NOW = datetime(2100, 1, 1, tzinfo=UTC)
GOOD = {
    "command": "precheck --write-statistics",
    "taken_at": "2026-11-26T12:00:00+00:00",
    "database": {"name": "hospital", "host": "db", "in_recovery": False},
}
TABLE = {
    "table": "bills", "schema": "public", "oid": 1, "partition_of": None, "rows": None, "bytes": 1, "index_bytes": 1,
    "indexes": 1, "keys": 1, "reads_per_second": 1, "writes_per_second": 0.5, "reads_per_second_since_reset": 1.5,
    "writes_per_second_since_reset": None, "open_transactions": 0, "longest_transaction_seconds": 0, "is_used": True,
}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "[]",
        "{}",
        json.dumps({"command": "precheck", "findings": []}),
        json.dumps(GOOD),
        json.dumps(GOOD | {"tables": [{}]}),
        json.dumps(GOOD | {"tables": [TABLE | {"bytes": "many"}]}),
        json.dumps(GOOD | {"tables": [TABLE | {"bytes": -1}]}),
        json.dumps(GOOD | {"tables": [TABLE | {"bytes": None}]}),
        json.dumps(GOOD | {"tables": [TABLE | {"is_used": 1}]}),
        json.dumps(GOOD | {"tables": [TABLE], "taken_at": "yesterday"}),
        json.dumps(GOOD | {"tables": [TABLE], "taken_at": "2026-11-26T12:00:00"}),
        json.dumps(GOOD | {"tables": [TABLE | {"reads_per_second": float("nan")}]}),
        "[" * 100_000,
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, content):
    file = tmp_path / "figures.json"
    file.write_text(content)

    with pytest.raises(StatisticsRefused, match=r"cannot be used: it was not written by precheck --write-statistics"):
        statistics.read(str(file), now=NOW)


def test_a_file_is_of_no_use_where_nothing_is_measured(hospital, tmp_path):
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(GOOD | {"tables": [TABLE]}))

    result = hospital.run("precheck", "--statistics", str(file), "--no-measure")

    assert (result.code, result.out) == (2, "")
    assert "--statistics: only for a plan that is measured; leave out --no-measure." in result.err


def test_a_refused_file_is_one_sentence_and_a_hint(hospital, tmp_path):
    file = tmp_path / "figures.json"
    file.write_text("{}")

    result = hospital.run("precheck", "--statistics", str(file))

    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 2
    assert f"The statistics {file} cannot be used: it was not written by precheck --write-statistics." in result.err


def test_the_good_file_is_read(tmp_path):
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(GOOD | {"tables": [TABLE]}))

    assert statistics.read(str(file), now=NOW).figures["bills"].bytes == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--statistics", "/nowhere/x"], "The statistics /nowhere/x cannot be used: it cannot be read"),
        (["--write-statistics", "/nowhere/x"], "The report cannot be written"),
        (["--write-statistics", "x", "--statistics", "y"], "not allowed with argument"),
        (["--small", "-1"], "megabytes: a whole number, 0 or more"),
        (["--max-stall", "fast"], "milliseconds: a whole number, 0 or more"),
    ],
)
def test_what_cannot_be_used_ends_with_2(hospital, options, said):
    result = hospital.run("precheck", *options)

    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err
