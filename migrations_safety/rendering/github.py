"""Draws the findings of a report as annotations of GitHub Actions, and as the table of the step's summary.

GitHub shows ten errors and ten warnings of a step and drops the rest without a word. So the worst come first, one of
each rule before a second one of the same rule, and the last one says how many more there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.rendering.ci_report import CiReport
from migrations_safety.rendering.places import Place
from migrations_safety.rendering.template_engine import render, visible

SHOWN = 10
"""How many annotations of each level GitHub shows of one step."""
COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning"}


def draw(report: CiReport, *, seconds: float, at: datetime) -> str:
    """Return the annotations, one a line. One has no duration and no date, so `seconds` and `at` are not used."""
    del seconds, at
    lines = [line for level in COMMANDS for line in _of_level(level, report)]
    return "".join(f"{line}\n" for line in lines)


def _of_level(level: Level, report: CiReport) -> list[str]:
    found = worst_first(one for one in report.findings if one.level is level and not one.accepted)
    shown = found if len(found) <= SHOWN else found[: SHOWN - 1]
    lines = [_annotation(COMMANDS[level], one, report.place_of(one)) for one in shown]
    if more := len(found) - len(shown):
        rest = pluralize(more, f"more {level.value} is", f"more {level.value}s are")
        text = f"{rest} not shown here. The summary of this step has them, and so has --format json."
        lines.append(_command(COMMANDS[level], {"title": f"{report.command}: {report.verdict}"}, text))
    return lines


def summary(report: CiReport, limit: int) -> str:
    """Return the table of all findings as Markdown, in at most `limit` bytes; empty where not even its head fits.

    If not all findings fit, the first ones are shown, and the last line says how many more there are.
    """
    number = len(report.findings)
    rows = [_row(one, report.place_of(one)) for one in report.findings]
    while (size := len((text := _summary(report, rows[:number])).encode())) > limit:
        if not number:
            return ""
        number = min(number - 1, max(0, number * limit // size))
    return text


def _summary(report: CiReport, rows: list[dict[str, str]]) -> str:
    values = {
        "command": report.command,
        "database": report.target.name,
        "sentence": report.sentence,
        "findings": rows,
        "left_out": len(report.findings) - len(rows),
        "not_told": list(report.left_out),
    }
    return render("markdown/step_summary.md", values)


def _row(finding: Finding, place: Place) -> dict[str, str]:
    line = f":{place.line}" if place.line else ""
    return {
        "level": f"accepted {finding.level.value}" if finding.accepted else finding.level.value,
        "id": finding.id,
        "subject": finding.subject,
        "message": finding.message,
        "where": f"{place.path}{line}" if place.is_file else place.name,
        "next": str(finding.accepted or finding.hint),
    }


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with the worst of each rule first, then the second worst of each rule, and so on.

    Of one rule that is worse which is about more rows; where that says nothing, they keep their order.
    """
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_rule[one.id].append(one)
    ranked = [
        (rank, one)
        for of_rule in by_rule.values()
        for rank, one in enumerate(sorted(of_rule, key=lambda one: -(one.rows or 0)))
    ]
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def _annotation(command: str, finding: Finding, place: Place) -> str:
    properties = {"title": f"{finding.id}: {CATALOGUE[finding.id].title}"}
    if place.is_file:
        properties = {"file": place.path, **({"line": str(place.line)} if place.line else {}), **properties}
    return _command(command, properties, f"{finding.subject} {finding.message}", finding.hint)


def _command(command: str, properties: dict[str, str], *lines: str) -> str:
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command} {given}::" + "%0A".join(map(_data, lines))


def _data(text: str) -> str:
    """Return a text as the message of a workflow command (actions/toolkit, packages/core, command.ts), in one line."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
