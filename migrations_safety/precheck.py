"""The first chapter: would `migrate` be safe on this database as it is now?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.apps import apps
from django.db import connections

from migrations_safety import catalog, census, plan
from migrations_safety.census import Census, Question
from migrations_safety.checks.evidence import Evidence, gather
from migrations_safety.checks.locks import check_locks
from migrations_safety.checks.privilege import check_privilege
from migrations_safety.checks.references import check_indexes, check_references, check_undeclared
from migrations_safety.checks.tables import check_tables
from migrations_safety.checks.target import check_target
from migrations_safety.checks.types import check_types, family
from migrations_safety.declarations import DeclaredKey
from migrations_safety.findings import Finding, Level, blocking
from migrations_safety.plan import Plan
from migrations_safety.progress import Progress
from migrations_safety.refusals import MayNotRead
from migrations_safety.registry import PlaceholderMaker, maker_of
from migrations_safety.session import Target, connect, snapshot

CATALOG_CHECKS = (
    check_target, check_privilege, check_tables, check_types, check_indexes, check_undeclared, check_locks,
)  # fmt: skip
BACKFILL = "python manage.py backfill_placeholders"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What precheck saw; `censuses` is empty where only the catalog was looked at."""

    target: Target
    plan: Plan
    evidence: Evidence
    censuses: tuple[Census, ...]
    findings: tuple[Finding, ...]
    data_counted: bool
    fail_level: Level
    identifiers: tuple[tuple[str, str, str, int], ...] = ()

    @property
    def blocking(self) -> list[Finding]:
        """The findings that forbid to migrate."""
        return blocking(self.findings, fail_level=self.fail_level)

    @property
    def verdict(self) -> str:
        """`blocked`, `attention` (warnings to read) or `safe`."""
        if self.blocking:
            return "blocked"
        return "attention" if any(one.level is Level.WARNING for one in self.findings) else "safe"


def run(
    *,
    using: str,
    app_label: str | None = None,
    migration_name: str | None = None,
    expect_database: str | None = None,
    data: bool = True,
    show_ids: int = 0,
    fail_level: Level = Level.ERROR,
    progress: Progress | None = None,
) -> Report:
    """Look at what `migrate [app_label] [migration_name]` would do, in one read-only snapshot.

    `data=False` reads the catalog only; `show_ids` is how many orphans to bring along, for a terminal only.
    Raises a Refusal where it could not look.
    """
    connection = connections[using]
    target = connect(connection, expect_database=expect_database)
    with snapshot(connection):
        _refuse_unreadable_history(connection, target)
        planned = plan.read(connection, app_label=app_label, migration_name=migration_name)
        evidence = gather(connection, plan=planned, target=target)
        findings = [finding for check in CATALOG_CHECKS for finding in check(connection, evidence)]
        censuses = count(connection, evidence, progress=progress or Progress()) if data else ()
        findings += check_references(evidence, censuses, backfill_hint=BACKFILL)
        identifiers = [
            one
            for question in questions(evidence, evidence.references() if show_ids else ())
            for one in census.orphan_values(connection, question, limit=show_ids)
        ]
    return Report(
        target=target,
        plan=planned,
        evidence=evidence,
        censuses=tuple(censuses),
        identifiers=tuple(identifiers),
        findings=tuple(sorted(findings, key=lambda one: (list(Level).index(one.level), one.id, one.subject))),
        data_counted=data,
        fail_level=fail_level,
    )


def _refuse_unreadable_history(connection: Any, target: Target) -> None:
    history = catalog.tables(connection, ["django_migrations"]).get("django_migrations")
    if history and not history.may_select:
        raise MayNotRead(role=target.role, tables=["django_migrations"])


def count(
    connection: Any,
    evidence: Evidence,
    *,
    progress: Progress,
    only: Iterable[DeclaredKey] | None = None,
    besides: Iterable[DeclaredKey] = (),
) -> list[Census]:
    """Count the references that exist (all, `only` these, or all `besides` these), one statement per parent."""
    wanted = evidence.references() if only is None else list(only)
    left_out = set(besides)
    references = [key for key in wanted if key not in left_out]
    if not references:
        return []
    rows = sum(evidence.tables[table].estimated_rows for table in {key.table for key in references})
    with progress.busy(f"Counting {len(references)} references (about {rows:,} rows by the statistics) …"):
        return [census.count(connection, question) for question in questions(evidence, references)]


def questions(evidence: Evidence, references: Iterable[DeclaredKey]) -> list[Question]:
    """One question per parent."""
    ordered = sorted(references, key=_parent)
    return [_question(evidence, tuple(keys)) for _, keys in groupby(ordered, key=_parent)]


def _parent(key: DeclaredKey) -> tuple[str, str]:
    return key.target_table, key.target_column


def _question(evidence: Evidence, keys: tuple[DeclaredKey, ...]) -> Question:
    ends = [evidence.column(key.table, key.column) for key in keys] + [evidence.column(*_parent(keys[0]))]
    maker = maker_of_table(keys[0].target_table)
    return Question(
        keys=keys,
        target_exists=ends[-1] is not None,
        target_is_text=ends[-1] is not None and family(ends[-1].type) == "text",
        is_uuid=all(family(column.type) == "uuid" for column in ends if column),
        record_number_column=maker.record_number_column if maker else None,
    )


def maker_of_table(table: str) -> PlaceholderMaker | None:
    """The placeholder maker of the model that has this table, if there is one."""
    labels = [model._meta.label for model in apps.get_models() if model._meta.db_table == table]
    return next((maker for label in labels if (maker := maker_of(label))), None)
