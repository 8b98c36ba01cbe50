"""`migrate --rehearsed FILE` lets pass only the deploy that was rehearsed, on the database as it was."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import UserFactory
from tests.support.row_snapshot import row_snapshot


def rehearse(database, file):
    result = database.run("rehearse", "--writers", "0", "--report", f"json={file}")
    assert result.code == 0, result.said
    return json.loads(file.read_text())


@pytest.fixture
def rehearsed(hospital, tmp_path):
    """The hospital, and a function that migrates it with the report, in which the named values are other ones."""
    file = tmp_path / "rehearsal.json"
    report = rehearse(hospital, file)

    def migrate(*options, **changes):
        other = tmp_path / "other.json"
        other.write_text(json.dumps(report | {name: report[name] | one if isinstance(one, dict) else one
                                              for name, one in changes.items()}))  # fmt: skip
        return hospital.run("migrate", "--rehearsed", str(other), *options)

    return hospital, migrate, report


def test_every_difference_is_refused_and_changes_nothing_and_the_true_report_passes(rehearsed):
    hospital, migrate, report = rehearsed
    before = row_snapshot(hospital)
    basis = report["basis"]
    labels = list(basis["migrations"])
    old = (datetime.now(UTC) - timedelta(hours=73)).isoformat()
    cases: list[tuple[str, dict[str, Any]]] = [
        ("its verdict is failed", {"verdict": "failed"}),
        ("73.0 hours old, and 72 are allowed", {"finished_at": old}),
        ("ends in the future", {"finished_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}),
        ("other migrations are pending", {"basis": {"migrations": {labels[0]: basis["migrations"][labels[0]]}}}),
        ("has changed", {"basis": {"migrations": basis["migrations"] | {labels[-1]: "0" * 64}}}),
        ("of another database", {"basis": {"database_oid": 1}}),
        ("of another database", {"basis": {"system_identifier": "1"}}),
        ("and the copy was on 12", {"copy": {"server_version": "12.1"}}),
        ("the schema of the database has changed", {"basis": {"catalog": "another"}}),
    ]
    for words, changes in cases:
        result = migrate(**changes)
        assert (result.code, "rehearsal.E010" in result.err, words in result.err) == (1, True, True), result.said
    assert row_snapshot(hospital) == before

    result = migrate()

    assert result.code == 0, result.said
    run = json.loads(hospital.run("audit_runs", "--format", "json").out)["runs"][-1]
    assert run["stands_on"]["rehearsal"]["verdict"] == "passed"
    assert set(run["counts"]["forecast"]) == {"migrate", *labels} - {"ehr.0001_initial"}
    assert all(one["took"] > 0 for one in run["counts"]["forecast"].values())
    assert migrate().code == 0, "nothing is pending, so nothing is refused"


def test_an_age_is_allowed_that_is_named(rehearsed):
    _, migrate, _ = rehearsed
    earlier = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()

    result = migrate("--rehearsed-within", "1s", "--skip-precheck", finished_at=earlier)

    assert (result.code, "are allowed (--rehearsed-within)" in result.err) == (1, True), result.said


def test_a_schema_that_changed_and_rows_that_grew_are_refused(rehearsed):
    hospital, migrate, _ = rehearsed
    hospital.execute('CREATE INDEX by_hand ON bills ("totalAmount")')

    result = migrate()

    assert (result.code, "the schema of the database has changed" in result.err) == (1, True), result.said
    hospital.execute("DROP INDEX by_hand")
    UserFactory.create_batch(250, on=hospital)

    result = migrate()
    assert (result.code, "users has more than 2 times the rows" in result.err) == (1, True), result.said


@pytest.mark.parametrize(("content", "words"), [
    (None, "cannot be read"), ("{", "is not a JSON report of rehearse"), ('{"command": "precheck"}', "is not a JSON"),
    ("[]", "is not a JSON report"),
])  # fmt: skip
def test_another_file_is_no_rehearsal(hospital, tmp_path, content, words):
    file = tmp_path / "file.json"
    if content is not None:
        file.write_text(content)

    result = hospital.run("migrate", "--rehearsed", str(file))

    assert (result.code, words in result.err) == (2, True), result.said
