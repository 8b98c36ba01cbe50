"""`migrate --rehearsed FILE` lets pass only the deploy that was rehearsed, on the database as it was."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import UserFactory
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


@pytest.fixture
def rehearsed(hospital, deployer, tmp_path):
    """The hospital, and a function that migrates it with the report, in which the named values are other ones."""
    file = tmp_path / "rehearsal.json"
    result = hospital.run("rehearse", "--writers", "0", "--report", f"json={file}", url=deployer)
    assert result.code == 0, result.said
    report = json.loads(file.read_text())

    def migrate(*options, **changes):
        other = tmp_path / "other.json"
        other.write_text(json.dumps(report | {name: report[name] | one if isinstance(one, dict) else one
                                              for name, one in changes.items()}))  # fmt: skip
        return hospital.run("migrate", "--rehearsed", str(other), *options)

    return hospital, migrate, report


def test_every_difference_is_refused_and_changes_nothing_and_the_true_report_passes(rehearsed):
    hospital, migrate, report = rehearsed
    before = row_snapshot(hospital)
    labels = list(report["basis"]["migrations"])

    for words, changes in differences(report["basis"], labels):
        refused(migrate(**changes), words)
    just_now = (datetime.now(UTC) - timedelta(seconds=5)).isoformat()
    too_old = migrate("--rehearsed-within", "1s", "--skip-precheck", finished_at=just_now)
    assert (too_old.code, "are allowed (--rehearsed-within)" in too_old.err) == (1, True), too_old.said
    hospital.execute('CREATE INDEX by_hand ON bills ("totalAmount")')
    refused(migrate(), "the schema of the database has changed")
    hospital.execute("DROP INDEX by_hand")
    assert row_snapshot(hospital) == before
    UserFactory.create_batch(250, on=hospital)
    refused(migrate(), "users has more than 2 times the rows")
    hospital.execute("TRUNCATE users CASCADE")

    result = migrate()

    assert result.code == 0, result.said
    run = json.loads(hospital.run("audit_runs", "--format", "json").out)["runs"][-1]
    assert run["stands_on"]["rehearsal"]["verdict"] == "passed"
    assert set(run["counts"]["forecast"]) == {"migrate", *labels} - {"ehr.0001_initial"}
    assert all(one["took"] > 0 for one in run["counts"]["forecast"].values())
    assert migrate().code == 0, "nothing is pending, so nothing is refused"


def refused(result, words):
    assert (result.code, "rehearsal.E010" in result.err, words in result.err) == (1, True, True), result.said


def differences(basis, labels) -> list[tuple[str, dict[str, Any]]]:
    """What a report may say that the database does not, each with the words of its refusal."""
    old = (datetime.now(UTC) - timedelta(hours=73)).isoformat()
    return [
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


def test_another_file_is_no_rehearsal(hospital, tmp_path):
    file = tmp_path / "file.json"
    for content, words in (
        (None, "cannot be read"),
        ("{", "is not a JSON report of rehearse"),
        ('{"command": "precheck"}', "is not a JSON"),
        ("[]", "is not a JSON report"),
    ):
        if content is not None:
            file.write_text(content)

        result = hospital.run("migrate", "--rehearsed", str(file))

        assert (result.code, words in result.err) == (2, True), (content, result.said)
