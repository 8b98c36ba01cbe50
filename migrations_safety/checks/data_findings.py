"""Decides which finding the counts of a demand make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from migrations_safety.checks.data_doubts import Before
from migrations_safety.checks.data_report import DataCheck
from migrations_safety.measurement.demand import Demand
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.wording import data as wording
from migrations_safety.sql.identifiers import qualify_if_needed, quote_identifier

DEMANDS = {
    "not_null": "the NOT NULL",
    "unique": "the unique constraint",
    "check": "the CHECK",
    "exclusion": "the exclusion constraint",
    "foreign_key": "the foreign key",
    "length": "the shorter type",
    "cast": "the new type",
    "enum": "the new enum",
    "drop": "the drop",
}
"""Each kind of demand in words."""
WRONG = {
    "not_null": ("without a value", "makes it NOT NULL"),
    "unique": ("that are duplicates", "makes it unique"),
    "check": ("that violate a CHECK", "adds or validates it"),
    "exclusion": ("that exclude each other", "forbids that"),
    "foreign_key": ("without a parent", "adds or validates a foreign key"),
    "length": ("with values that are too long", "makes it shorter"),
    "cast": ("with values that the new type refuses", "changes the type"),
    "enum": ("with labels that the new enum lacks", "changes the type"),
    "drop": ("with values", "drops or cuts them"),
}
"""What is wrong with the violating rows, and what the migration does."""


def subject_of(demand: Demand) -> str:
    """Return how findings name the columns of a demand, or its table."""
    if not demand.columns:
        return demand.table
    if len(demand.columns) == 1:
        return f"{demand.table}.{quote_identifier(demand.columns[0])}"
    return f"{demand.table} ({', '.join(quote_identifier(column) for column in demand.columns)})"


def finding_of(demand: Demand, check: DataCheck, earlier: Before, *, again: str = "") -> Finding | None:
    """Return the finding about a demand, None where no row forbids it and the plan leaves the rows alone.

    `again` says what the plan makes in the place of what it drops.
    """
    subject, what = subject_of(demand), DEMANDS[check.kind]
    if check.reason and not check.violating_rows:
        return not_judged_finding(demand, reason=check.reason)
    code = ", ".join(dict.fromkeys((*earlier.written_by, *earlier.code)))
    if not check.violating_rows:
        if not earlier.written_by or check.kind == "drop":
            return None
        code = ", ".join(earlier.written_by)
        return wording.may_be_changed(subject, what=what, migration=demand.migration, code=code)
    if code:
        wrong, does = WRONG[check.kind]
        words = {"wrong": wrong, "does": does, "migration": demand.migration, "code": code}
        return wording.may_be_corrected(subject, rows=check.violating_rows, **words)
    if check.kind == "drop":
        return _of_drop(demand, check, again=again)
    return _FINDINGS[check.kind](demand, check)


def not_judged_finding(demand: Demand, *, reason: str) -> Finding:
    """Return the finding that the rows for a demand were not judged."""
    words = {"what": DEMANDS[demand.kind], "migration": demand.migration, "reason": reason}
    return wording.not_judged(subject_of(demand), **words)


def refused_finding(demand: Demand) -> Finding:
    """Return the finding about values for which PostgreSQL cannot evaluate a demand; their number is not known."""
    return _refused(demand, rows="some rows")


def _refused(demand: Demand, *, rows: str) -> Finding:
    by = f"the type {demand.type_after}" if demand.type_after else DEMANDS[demand.kind]
    return wording.refused(subject_of(demand), rows=rows, by=by, migration=demand.migration)


def _words(demand: Demand, check: DataCheck) -> dict[str, Any]:
    return {"rows": check.violating_rows, "migration": demand.migration}


def _of_nulls(demand: Demand, check: DataCheck) -> Finding:
    word = wording.nulls if demand.sources[0].before else wording.no_default
    return word(subject_of(demand), **_words(demand, check))


def _of_cast(demand: Demand, check: DataCheck) -> Finding:
    return _refused(demand, rows=pluralize(check.violating_rows or 0, "row"))


def _of_drop(demand: Demand, check: DataCheck, *, again: str) -> Finding:
    dump = qualify_if_needed(demand.relation, schema=demand.schema)
    if demand.kind != "drop":
        return wording.values_cut(subject_of(demand), dump=dump, type=demand.type_after, **_words(demand, check))
    word = wording.column_dropped if demand.columns else wording.table_dropped
    return word(subject_of(demand), dump=dump, again=again, **_words(demand, check))


_FINDINGS: dict[str, Callable[[Demand, DataCheck], Finding]] = {
    "not_null": _of_nulls,
    "unique": lambda demand, check: wording.duplicates(
        subject_of(demand), groups=check.groups or 0, name=demand.name, **_words(demand, check)
    ),
    "check": lambda demand, check: wording.violations(subject_of(demand), name=demand.name, **_words(demand, check)),
    "exclusion": lambda demand, check: wording.excluded(subject_of(demand), name=demand.name, **_words(demand, check)),
    "foreign_key": lambda demand, check: wording.orphans(
        subject_of(demand), target=demand.parent_name or "its new parent", **_words(demand, check)
    ),
    "length": lambda demand, check: wording.too_long(
        subject_of(demand), type=demand.type_after, **_words(demand, check)
    ),
    "cast": _of_cast,
    "enum": lambda demand, check: wording.label_in_use(
        subject_of(demand), type=demand.type_after, **_words(demand, check)
    ),
}
