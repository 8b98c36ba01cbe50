"""Reads data: what the referencing columns hold, as counts and classes; no value leaves the server.

One statement for all references to one parent: each table is scanned once, every distinct value is classified
once. Classes and their order: docs/reference.md, "Classes of identifiers".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from migrations_safety import scanning
from migrations_safety.declarations import DeclaredKey
from migrations_safety.names import table_name
from migrations_safety.progress import Progress
from migrations_safety.scanning import BY_SIZE, Reading, Rows
from migrations_safety.sharing import share
from migrations_safety.sql import statement
from migrations_safety.words import counted

MANY_ROWS = 1000
"""Rows that no patient has in one table: a value in as many may stand for 'no patient'."""
PLACEHOLDER_CLASSES = ("uuid_canonical", "uuid_nonrfc", "opaque")
OTHER_SPELLINGS = ("uuid_noncanonical", "several_spellings")
WARNED_CLASSES = ("uuid_nonrfc", "opaque")
COMPARED = (*OTHER_SPELLINGS, "opaque")
"""Classes whose values are compared with each other: one person may hide behind several of them."""
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
    """What to count: the references to one parent that exist, whether the parent does, the types, and how to read.

    `since` is a transaction's number: only rows written by it or after it are counted.
    """

    keys: tuple[DeclaredKey, ...]
    target_exists: bool
    is_uuid: bool
    target_is_text: bool = False
    record_number_column: str | None = None
    reading: Reading = BY_SIZE
    since: int | None = None


def count(connection: Any, question: Question, *, rows: Rows | None = None, progress: Progress | None = None) -> Census:
    """Count all references of the question; `rows` gives other values than those of the tables.

    Where there are spellings to compare (text columns alone have any), a further statement reads the values again.
    """
    if rows is not None:
        return _census(question, _figures(connection, question, rows), _compared(connection, question, rows))
    progress = progress or Progress()
    source = scanning.source(connection, question.keys, question.reading, since=question.since)
    scanning.plan(connection, source)
    apart = scanning.values_apart(connection, source, _type(question), question.since)
    figures: list[tuple[Any, ...]] = []
    if len(apart) > 1:
        label = f"Counting {counted(len(question.keys), 'reference')} by their indexes, parts"
        statements = [_counting(connection, question, part) for part in apart]
        with progress.steps(label, total=len(apart)) as advance:
            how: dict[str, Any] = {"sessions": source.jobs, "settings": scanning.IN_ORDER, "advance": advance}
            figures += share(connection, statements, **how)
    else:
        with scanning.in_view(connection, source, progress=progress):
            figures += _figures(connection, question, apart[0])
    compared = (0, 0)
    if {name for name, *_ in figures} & set(COMPARED):
        with scanning.in_view(connection, source, progress=progress):
            compared = _compared(connection, question, scanning.all_rows(source, _type(question), question.since))
    return _census(question, figures, compared)


def _figures(connection: Any, question: Question, rows: Rows) -> list[tuple[Any, ...]]:
    """By class, whether it has a parent: values together, then values, rows and most rows of each reference."""
    with connection.cursor() as cursor:
        cursor.execute(_counting(connection, question, rows))
        return list(cursor.fetchall())


def _counting(connection: Any, question: Question, rows: Rows) -> sql.Composed:
    numbers = range(len(question.keys))
    figures = sql.SQL(", ").join(_part("figures_of_reference", rows=_rows(number)) for number in numbers)
    return classified(connection, question, rows) + _part("counts", figures=figures)


def _compared(connection: Any, question: Question, rows: Rows) -> tuple[int, int]:
    """How many people have several spellings, how many ids differ from another in case only."""
    compared = _part("spellings", uuid_spelled=_part("uuid_spelled"), blanks=sql.Literal(BLANKS_AROUND))
    with connection.cursor() as cursor:
        cursor.execute(classified(connection, question, rows) + compared)
        several_spellings, case_variants = cursor.fetchone()
        return several_spellings, case_variants


def _census(question: Question, figures: Sequence[tuple[Any, ...]], compared: tuple[int, int]) -> Census:
    classes = [row for row in figures if row[0] is not None]
    orphans: dict[str, int] = defaultdict(int)
    for name, has_parent, values, *_ in classes:
        if not has_parent:
            orphans[name] += values
    return Census(
        target_table=question.keys[0].target_table,
        references=tuple(
            _counted(key, [(*row[:2], *row[3 + 3 * number : 6 + 3 * number]) for row in figures])
            for number, key in enumerate(question.keys)
        ),
        orphans=dict(orphans),
        covered=sum(values for _, has_parent, values, *_ in classes if has_parent),
        several_spellings=compared[0],
        case_variants=compared[1],
    )


def _counted(key: DeclaredKey, figures: Iterable[tuple[Any, ...]]) -> Counted:
    classes: dict[str, int] = defaultdict(int)
    orphans: dict[str, tuple[int, int]] = {}
    total = non_null = most = 0
    for identifier_class, has_parent, values, rows, most_rows in figures:
        total += rows or 0
        if identifier_class is None or not values:
            continue
        non_null += rows
        most = max(most, most_rows)
        classes[identifier_class] += values
        if not has_parent:
            so_far = orphans.get(identifier_class, (0, 0))
            orphans[identifier_class] = (so_far[0] + values, so_far[1] + rows)
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
    found = []
    every = all_rows(connection, question)
    with connection.cursor() as cursor:
        for number, key in enumerate(question.keys):
            of_one = _part("orphan_values", number=sql.Literal(number), rows=_rows(number))
            cursor.execute(classified(connection, question, every) + of_one, {"limit": limit, "many": MANY_ROWS})
            found += [(key.subject, *rest) for _, *rest in cursor.fetchall()]
    return found


def all_rows(connection: Any, question: Question) -> Rows:
    """What a statement reads that looks at all values at once; the planner is set for it."""
    source = scanning.source(connection, question.keys, question.reading)
    scanning.plan(connection, source)
    return scanning.all_rows(source, _type(question))


def classified(connection: Any, question: Question, rows: Rows, *, only_orphans: bool = False) -> sql.Composed:
    """The common part of all questions: `WITH counted …, classified AS (…)`."""
    key = question.keys[0]
    names = {"target": table_name(key.target_table), "target_column": sql.Identifier(key.target_column)}
    known: dict[str, sql.Composable] = {"is_known": sql.SQL("false"), "join_parent": sql.SQL("")}
    respelled: dict[str, sql.Composable] = {"is_respelled": sql.SQL("false"), "join_respelled": sql.SQL("")}
    if question.target_exists:
        known = {part: _part(part, type=_type(question), **names) for part in known}
    if question.target_is_text:
        respelled = {part: _part(part, **names) for part in respelled}
    numbers = range(len(question.keys))
    by_reference = [_part("rows_of_reference", number=sql.Literal(number), rows=_rows(number)) for number in numbers]
    common = _part(
        "classified",
        scans=rows.together(),
        where=rows.where or sql.SQL(""),
        wanted=_part("only_orphans") if only_orphans else sql.SQL(""),
        rows_by_reference=sql.SQL(", ").join(by_reference),
        **{"class": _class(connection, question)},
        **known,
        **respelled,
    )
    return common + sql.SQL("\n")


def _class(connection: Any, question: Question) -> sql.Composable:
    value = sql.SQL("known.value::text")
    by_shape = _part(
        "class_of_uuid",
        value=value,
        otherwise=sql.Literal("uuid_canonical"),
        otherwise_nonrfc=sql.Literal("uuid_nonrfc"),
    )
    if question.is_uuid:
        return sql.SQL("CASE WHEN known.value IS NOT NULL THEN {} END").format(by_shape)
    shape = "has_uuid_shape_by_type" if connection.pg_version >= 160000 else "has_uuid_shape"
    return _part(
        "class",
        has_uuid_shape=_part(shape),
        class_of_uuid=by_shape,
        class_of_text=_class_of_text(question),
        uuid_spelled=_part("uuid_spelled"),
        blanks=sql.Literal(BLANKS_AROUND),
    )


def _class_of_text(question: Question) -> sql.Composable:
    is_record_number: sql.Composable = sql.SQL("false")
    if question.target_exists and question.record_number_column:
        is_record_number = _part(
            "is_record_number",
            target=table_name(question.keys[0].target_table),
            record_number_column=sql.Identifier(question.record_number_column),
        )
    other_spelling = sql.Literal("uuid_noncanonical")
    return _part(
        "class_of_text",
        class_of_uuid=_part(
            "class_of_uuid", value=sql.SQL("u.uuid"), otherwise=other_spelling, otherwise_nonrfc=other_spelling
        ),
        sentinel_words=sql.Literal(list(SENTINEL_WORDS)),
        record_number=sql.Literal(RECORD_NUMBER),
        opaque=sql.Literal(OPAQUE),
        is_record_number=is_record_number,
    )


def _part(name: str, **parts: sql.Composable) -> sql.Composed:
    return sql.SQL(statement(f"census.{name}")).format(**parts)


def _rows(number: int) -> sql.Identifier:
    return sql.Identifier(f"rows_{number}")


def _type(question: Question) -> sql.SQL:
    return sql.SQL("uuid" if question.is_uuid else "text")
