"""Writes the commands that a reader types next, with the options that lead to the same database and plan."""

from __future__ import annotations

import re
import shlex
import unicodedata

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import PrecheckReport

MANAGE = "python manage.py"
A_COMMAND = re.compile(rf"{MANAGE} [a-z_]+(?: --?[a-z][a-z-]*(?: [^ ]+)?)*")
"""A hint that is a command and nothing more."""
UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""The categories of characters that have no shape of their own or turn the text around."""


def command(report: PrecheckReport, name: str, *arguments: str) -> str:
    """Return a command of this project for the database of the report."""
    return " ".join([f"{MANAGE} {name}", *map(quote, arguments), *_database(report)])


def on(target: Target, name: str, *arguments: str) -> str:
    """Return a command of this project for a database."""
    return " ".join([f"{MANAGE} {name}", *map(quote, arguments), *_named(target)])


def of_plan(report: PrecheckReport, name: str) -> str:
    """Return `precheck` or `migrate` for the plan and the database of the report."""
    given = report.arguments
    positional = [one for one in (given.app_label, given.migration_name) if one]
    options = ["--fake-initial"] if given.fake_initial else []
    options += ["--keep-dropped"] if given.keep_dropped else []
    if name == "precheck" and report.fail_level is not Level.ERROR:
        options += ["--fail-level", report.fail_level.value]
    if name == "precheck" and report.known:
        options += ["--baseline", report.known.file]
    if given.max_stall is not None:
        options += ["--max-stall", f"{given.max_stall * 1000:.0f}"]
    return command(report, name, *positional, *options)


def completed(report: PrecheckReport, hint: str) -> str:
    """Return a hint that is a command with the options for the database of the report; empty for any other hint."""
    if not A_COMMAND.fullmatch(hint):
        return ""
    return " ".join([hint, *_database(report)])


def _database(report: PrecheckReport) -> list[str]:
    return _alias(report.target) if report.embedded else _named(report.target)


def _named(target: Target) -> list[str]:
    return [*_alias(target), "--expect-database", quote(target.name)]


def _alias(target: Target) -> list[str]:
    return [] if target.alias == "default" else ["--database", quote(target.alias)]


def quote(name: str) -> str:
    """Return a name as a shell reads it; one with characters that are not seen in the notation $'…' of bash."""
    if not any(unicodedata.category(one) in UNSEEN for one in name):
        return shlex.quote(name)
    return "$'" + "".join(_escaped(one) for one in name) + "'"


def _escaped(one: str) -> str:
    if one in "\\'":
        return f"\\{one}"
    return f"\\U{ord(one):08x}" if unicodedata.category(one) in UNSEEN else one
