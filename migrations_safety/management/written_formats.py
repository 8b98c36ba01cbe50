"""The formats of the commands other than `precheck`: Markdown and the page for people, and those for CI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.utils.timezone import now

from migrations_safety.audit.report import AuditReport
from migrations_safety.management.ci_formats import OF_CI, file_of, for_ci, repository
from migrations_safety.management.report_places import TEXT
from migrations_safety.rendering import github, html_account, markdown
from migrations_safety.rendering.ci_report import CiReport, Reported, of_command
from migrations_safety.rendering.document.account import Account

FORMATS = (TEXT, "json", "markdown", "html")
WITH_FINDINGS = (*FORMATS, *OF_CI)
"""The formats of a command whose report has findings."""


def written(account: Callable[[], Account]) -> Mapping[str, Callable[[], str]]:
    """Return what draws a written report for people in each of these formats."""
    return {"markdown": lambda: markdown.account(account()), "html": lambda: html_account.account(account())}


def written_audit(account: Callable[[], Account], report: AuditReport) -> Mapping[str, Callable[[], str]]:
    """Return the same for the record of runs, of which the page draws a timeline."""
    return {"markdown": lambda: markdown.account(account()), "html": lambda: html_account.audit(account(), report)}


def with_findings(report: Reported, account: Callable[..., Account], *, seconds: float) -> dict[str, Any]:
    """Return the `formats` and the `summary` of an Outcome whose report has findings.

    `account` makes the written report, of `seconds` and the time `at` which the command ended.
    """
    at = now()
    told = partial(account, report, seconds=seconds, at=at)

    def of_ci() -> CiReport:
        return of_command(report, told(), root=repository(), file_of=file_of)

    return {
        "formats": {**written(told), **for_ci(of_ci, seconds=seconds, at=at)},
        "summary": lambda limit: github.summary(of_ci(), limit),
    }
