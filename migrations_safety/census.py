"""Reads data: what the referencing columns hold, as counts and classes; no value leaves the server.

One statement for all references to one parent: each table is scanned once, every distinct value is classified
once. Classes and their order: docs/reference.md, "Classes of identifiers".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from psycopg import sql

from migrations_safety.declarations import DeclaredKey
from migrations_safety.sql import statement

PLACEHOLDER_CLASSES = ("uuid_canonical", "uuid_nonrfc", "opaque")
WARNED_CLASSES = ("uuid_nonrfc", "opaque")
SENTINEL_WORDS = (
    "null", "undefined", "none", "nil", "nan", "n/a", "na", "unknown", "test", "default", "tbd", "-", "?", "0",
    "-1", "true", "false", "[object object]",
)  # fmt: skip
BLANK = r"[\s\u0001-\u0020\u007f-\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]+"
BLANKS_AROUND = f"^{BLANK}|{BLANK}$"
RECORD_NUMBER = (
    r"^(mrn|medical record|record|patient|pat|pt|hn|uhid|emr|ehr|hosp|chart|file|mr|p|h|rec|reg|op|ip|opd|ipd)"
    r"[ ./:#_-]*(no|nr|num|number|id)?[ ./:#_-]*([a-z]{0,4}[ ./:_-])?[0-9]+([ ./:_-][0-9a-z]{1,12}){0,3}$"
    r"|^mrn[ ./:#_-]"
)
OPAQUE = (
    r"^(c[a-z0-9]{24}|[a-z][a-z0-9]{23}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-7][0-9a-hjkmnp-tv-z]{25}"  # cuid, cuid2, ulid
    r"|[A-Za-z0-9_-]{21}|[0-9a-f]{24})$"  # nanoid, ObjectId
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What one referencing column holds; `orphans` maps a class to (values, rows) without a parent."""

    key: DeclaredKey
    total_rows: int = 0
    non_null: int = 0
    distinct_values: int = 0
    most_rows: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    orphans: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def orphan_values(self) -> int:
        """Distinct values without a parent."""
        return sum(values for values, _ in self.orphans.values())

    @property
    def orphan_rows(self) -> int:
        """Rows whose value has no parent."""
        return sum(rows for _, rows in self.orphans.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Census:
    """All references to one parent, in one snapshot; the figures of `orphans` are distinct over all of them."""

    target_table: str
    references: tuple[Counted, ...]
    orphans: dict[str, int]
    covered: int
    several_spellings: int
    case_variants: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to count: the references to one parent that exist, whether the parent does, and the common type."""

    keys: tuple[DeclaredKey, ...]
    target_exists: bool
    is_uuid: bool
    record_number_column: str | None = None


def count(connection: Any, question: Question) -> Census:
    """Count all references of the question in one statement."""
    by_reference: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(classified(question) + sql.SQL(statement("census.counts")))
        for reference, *figures in cursor.fetchall():
            by_reference[reference].append(tuple(figures))
    together = by_reference[-1]
    return Census(
        target_table=question.keys[0].target_table,
        references=tuple(_counted(key, by_reference[number]) for number, key in enumerate(question.keys)),
        orphans={identifier_class: values for identifier_class, has_parent, values, *_ in together if not has_parent},
        covered=sum(values for _, has_parent, values, *_ in together if has_parent),
        several_spellings=by_reference[-2][0][2],
        case_variants=by_reference[-3][0][2],
    )


def _counted(key: DeclaredKey, figures: Iterable[tuple[Any, ...]]) -> Counted:
    classes: dict[str, int] = defaultdict(int)
    orphans = {}
    total = non_null = most = 0
    for identifier_class, has_parent, values, rows, most_rows in figures:
        total += rows
        if identifier_class is None:
            continue
        non_null += rows
        most = max(most, most_rows)
        classes[identifier_class] += values
        if not has_parent:
            orphans[identifier_class] = (values, rows)
    return Counted(
        key=key,
        total_rows=total,
        non_null=non_null,
        distinct_values=sum(classes.values()),
        most_rows=most,
        classes=dict(sorted(classes.items())),
        orphans=dict(sorted(orphans.items())),
    )


def orphans(connection: Any, key: DeclaredKey) -> tuple[int, int]:
    """Distinct values and rows of one reference without a parent; its table and its parent must exist."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(statement("census.orphans_of_one")).format(
                table=table_name(key.table),
                column=sql.Identifier(key.column),
                target=table_name(key.target_table),
                target_column=sql.Identifier(key.target_column),
            )
        )
        values, rows = cursor.fetchone()
    return values, rows


def orphan_values(connection: Any, question: Question, *, limit: int) -> list[tuple[str, str, str, int]]:
    """The orphans themselves: subject, class, value, rows; for a person's terminal, on request only."""
    with connection.cursor() as cursor:
        cursor.execute(classified(question) + sql.SQL(statement("census.orphan_values")), {"limit": limit})
        return [(question.keys[number].subject, *rest) for number, *rest in cursor.fetchall()]


def classified(question: Question) -> sql.Composed:
    """The common part of all questions: `WITH spelling …, classified AS (…)`."""
    target = table_name(question.keys[0].target_table)
    target_column = sql.Identifier(question.keys[0].target_column)
    names = {"target": target, "target_column": target_column, "type": _type(question)}
    known: dict[str, sql.Composable] = {"is_known": sql.SQL("false"), "join_parent": sql.SQL("")}
    if question.target_exists:
        known = {part: sql.SQL(statement(f"census.{part}")).format(**names) for part in known}
    return sql.SQL(statement("census.classified") + "\n").format(
        scans=sql.SQL(" UNION ALL ").join(_scans(question)),
        normal_forms=sql.SQL(statement("census.normal_forms")).format(blanks=sql.Literal(BLANKS_AROUND)),
        canonical=sql.SQL("NULL::text" if question.is_uuid else "u.hex"),
        **{"class": _class(question)},
        **known,
    )


def _class(question: Question) -> sql.Composed:
    is_record_number: sql.Composable = sql.SQL("false")
    if question.target_exists and question.record_number_column and not question.is_uuid:
        is_record_number = sql.SQL(statement("census.is_record_number")).format(
            target=table_name(question.keys[0].target_table),
            record_number_column=sql.Identifier(question.record_number_column),
        )
    return sql.SQL(statement("census.class")).format(
        sentinel_words=sql.Literal(list(SENTINEL_WORDS)),
        record_number=sql.Literal(RECORD_NUMBER),
        opaque=sql.Literal(OPAQUE),
        is_record_number=is_record_number,
    )


def _scans(question: Question) -> list[sql.Composed]:
    numbered = sorted(enumerate(question.keys), key=lambda pair: pair[1].table)
    by_table = [list(keys) for _, keys in groupby(numbered, key=lambda pair: pair[1].table)]
    return [_scan(keys, _type(question)) for keys in by_table]


def _scan(numbered: Sequence[tuple[int, DeclaredKey]], type_name: sql.SQL) -> sql.Composed:
    table = table_name(numbered[0][1].table)
    columns = [sql.Identifier(key.column) for _, key in numbered]
    if len(numbered) == 1:
        number = sql.Literal(numbered[0][0])
        return sql.SQL(statement("census.one_column")).format(
            number=number, column=columns[0], type=type_name, table=table
        )
    every = (1 << len(columns)) - 1
    numbers = [
        sql.SQL("WHEN {} THEN {}").format(every ^ (1 << (len(columns) - 1 - place)), number)
        for place, (number, _) in enumerate(numbered)
    ]
    return sql.SQL(statement("census.several_columns")).format(
        table=table,
        columns=sql.SQL(", ").join(columns),
        numbers=sql.SQL(" ").join(numbers),
        values=sql.SQL(", ").join(sql.SQL("{}::{}").format(column, type_name) for column in columns),
        sets=sql.SQL(", ").join(sql.SQL("({})").format(column) for column in columns),
    )


def _type(question: Question) -> sql.SQL:
    return sql.SQL("uuid" if question.is_uuid else "text")


def table_name(name: str) -> sql.Composable:
    """A table's name as Django gives it, which may be quoted already (`"schema"."table"`)."""
    return sql.SQL(name) if name.startswith('"') and name.endswith('"') else sql.Identifier(name)
