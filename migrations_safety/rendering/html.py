"""Draws reports as pages: each is one file that asks for nothing, without script and readable by everybody."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from migrations_safety.messages.humanize import pluralize
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import Depth, PrecheckReport
from migrations_safety.rendering import html_parts
from migrations_safety.rendering.document import commands, review
from migrations_safety.rendering.document.database import server
from migrations_safety.rendering.document.values import Document
from migrations_safety.rendering.template_engine import render
from migrations_safety.rendering.timeline import timeline

WORDS = {"safe": "Safe", "attention": "Attention", "blocked": "Blocked"}
"""The verdict in the word that is seen from across the room."""
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
"""Characters that control the output, have no shape, or turn the text around; the ends of lines are not among them."""
FIRST = 3
"""How many kinds of findings stand on the first screen."""


def precheck(report: PrecheckReport, *, seconds: float, at: datetime) -> str:
    """Return the page of `precheck`; `seconds` is its duration, and `at` the moment at which it ended."""
    document = review(report, seconds=seconds, at=at)
    found = html_parts.findings(document.findings, completed=partial(commands.completed, report))
    of_first = [one for one in found if one.group in (document.blocking or document.risks)]
    return page(
        "precheck/page",
        document=document,
        word=_word(report),
        band="attention" if _is_half_known(report) else document.verdict,
        sentence=_sentence(document),
        where=_where(report.target, at),
        first=of_first[:FIRST],
        more_first=max(len(of_first) - FIRST, 0),
        findings=found,
        of_release=[one for one in found if one.group.area == "application"],
        picture=timeline(report.review),
        is_measured=report.review.measured.is_measured,
        reason=report.review.measured.reason,
        sizes=html_parts.sizes(document.sizes, report.review.figures),
        references=html_parts.references(document.references),
        row_checks=html_parts.row_checks(document.row_checks),
        release=_release(report),
    )


def page(name: str, **values: Any) -> str:
    """Return the page that the template `name` draws of these values, with the style inside.

    The policy of the page allows that style by its hash, and nothing else.
    """
    style = render("html/style.css", {})
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return without_unseen(render(f"html/{name}.html", {**values, "style": style, "style_hash": f"sha256-{digest}"}))


def without_unseen(text: str) -> str:
    r"""Return a page with the unseen characters of names written out as `\u202e`, so that none turns text around."""
    return UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _word(report: PrecheckReport) -> str:
    """Return the verdict in the largest letters; where not all was looked at, it does not say "safe"."""
    if report.verdict == "safe" and not report.plan.changes_something:
        return "Nothing to do"
    if report.verdict == "safe" and (report.plan.backwards or _is_half_known(report)):
        return "Nothing blocks"
    return WORDS[report.verdict]


def _is_half_known(report: PrecheckReport) -> bool:
    """Whether nothing speaks against the plan, but not all of it could be looked at here."""
    is_known = report.data.depth is Depth.COUNT and not report.uncovered and not report.target.in_recovery
    return report.verdict == "safe" and report.plan.changes_something and not is_known


def _sentence(document: Document) -> str:
    """Return the sentence of the verdict without the word that stands above it."""
    rest = document.sentence.removeprefix(f"{WORDS[document.verdict]}: ")
    return rest[:1].upper() + rest[1:]


def _where(target: Target, at: datetime) -> str:
    moment = f"{at:%Y-%m-%d %H:%M %Z}".strip()
    return f"{target.name} at {target.host}:{target.port} · {server(target)} · {moment}"


def _release(report: PrecheckReport) -> str:
    """Return what is said of the running release where no statement of it is known to fail."""
    examined = report.review.measured.statements
    if examined is None or not examined.statements:
        return "No statement of the application was examined: what breaks in it is judged by the models alone."
    statements = pluralize(len(examined.statements), "statement")
    left_out = sum(number for _, number in examined.left_out)
    others = f" {pluralize(left_out, 'other was', 'others were')} not examined." if left_out else ""
    return (
        f"Of {statements} of the application, from {examined.source}, none is known to fail after a migration.{others}"
    )
