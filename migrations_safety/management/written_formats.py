"""The formats of the commands other than `precheck` that are written for people to keep: Markdown and the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from migrations_safety.audit.report import AuditReport
from migrations_safety.management.report_places import TEXT
from migrations_safety.rendering import html_account, markdown
from migrations_safety.rendering.document.account import Account

FORMATS = (TEXT, "json", "markdown", "html")


def written(account: Callable[[], Account]) -> Mapping[str, Callable[[], str]]:
    """Return what draws a written report in each of these formats."""
    return {"markdown": lambda: markdown.account(account()), "html": lambda: html_account.account(account())}


def written_audit(account: Callable[[], Account], report: AuditReport) -> Mapping[str, Callable[[], str]]:
    """Return the same for the record of runs, of which the page draws a timeline."""
    return {"markdown": lambda: markdown.account(account()), "html": lambda: html_account.audit(account(), report)}
