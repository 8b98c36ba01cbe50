"""The statements of the application as text: read from a file, without values, and in a form that can be planned."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from migrations_safety.locking import statement_text
from migrations_safety.locking.statement_text import PIECES
from migrations_safety.measurement.broken_statement import BrokenStatement
from migrations_safety.measurement.statements import without_literals
from migrations_safety.messages.refusals.application import StatementsRefused
from migrations_safety.postgresql.application_statements import ApplicationStatement, ApplicationStatements

PLANNED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"})
"""The first words of statements that PostgreSQL plans before it runs them (documentation, PREPARE)."""
CURSOR = re.compile(r"\A\s*DECLARE\b.*?\bCURSOR\b.*?\bFOR\b", re.IGNORECASE | re.DOTALL)
TYPED = re.compile(
    r"(?<![\w.])(INTERVAL|DATE|TIMESTAMPTZ|TIMETZ|TIME(?:STAMP)?(?: WITH(?:OUT)? TIME ZONE)?|UUID|JSONB?|INET|NUMERIC)"
    r" (\$\d+)(?: (?:YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)(?: TO \w+)?\b)?",
    re.IGNORECASE,
)
"""A type before a string, which is no string any more."""
LENGTHS = re.compile(
    r"\b(NUMERIC|DECIMAL|VARCHAR|CHARACTER VARYING|CHARACTER|CHAR|BIT VARYING|BIT|TIMESTAMPTZ|TIMESTAMP|TIMETZ|TIME"
    r"|INTERVAL|FLOAT) ?\( ?\$\d+(?: ?, ?\$\d+)? ?\)",
    re.IGNORECASE,
)
EXTRACTED = re.compile(r"\bEXTRACT ?\( ?\$\d+ FROM\b", re.IGNORECASE)
PARAMETER = re.compile(r"\$(\d+)")
UNPARSED = "that the scratch database could not parse before the plan"
UTILITY = "that PostgreSQL does not plan (BEGIN, SET, COPY, …)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """The statements of the application that could be parsed before the plan, and those that failed after it."""

    statements: ApplicationStatements | None
    broken: tuple[BrokenStatement, ...]


def statements_of_file(file: str) -> ApplicationStatements:
    """Read the statements of the application from a file: a JSON list, or SQL.

    An element of the list is a text, or has the keys `statement` and `calls`. In SQL each statement ends with a
    semicolon; a file without semicolons has one statement in each line. Raises StatementsRefused for a file that cannot
    be read or holds none.
    """
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StatementsRefused(file=file, problem=f"it cannot be read, {error.strerror}") from None
    except UnicodeDecodeError:
        raise StatementsRefused(file=file, problem="it is not UTF-8") from None
    found = list(_of_json(file, text) if text.lstrip().startswith("[") else _of_sql(text))
    if not found:
        raise StatementsRefused(file=file, problem="it holds no statement")
    return ApplicationStatements(source=file, statements=tuple(found))


def _of_json(file: str, text: str) -> Iterator[ApplicationStatement]:
    try:
        for one in json.loads(text):
            found = one if isinstance(one, dict) else {"statement": one}
            statement, calls = found["statement"], found.get("calls")
            if not isinstance(statement, str) or not (calls is None or type(calls) is int):
                raise TypeError
            yield ApplicationStatement(text=statement, calls=calls)
    except (ValueError, KeyError, TypeError, RecursionError):
        problem = 'it is no list of {"statement": text, "calls": number} as JSON'
        raise StatementsRefused(file=file, problem=problem) from None


def _of_sql(text: str) -> Iterator[ApplicationStatement]:
    parts = list(split(text))
    if len(parts) == 1 and not parts[0].rstrip().endswith(";"):
        parts = text.splitlines()
    for part in parts:
        if statement_text.read(part).words:
            yield ApplicationStatement(text=part.strip().rstrip(";"), calls=None)


def split(text: str) -> Iterator[str]:
    """Split SQL into its statements, each with its semicolon. Semicolons in strings and comments do not end one."""
    start = place = 0
    while place < len(text):
        quoted = PIECES.match(text, place)
        if quoted and quoted["block"]:
            end = text.find("*/", place)
            place = len(text) if end < 0 else end + 2
        elif quoted:
            place = quoted.end()
        else:
            place += 1
            if text[place - 1] == ";":
                yield text[start:place]
                start = place
    if text[start:].strip():
        yield text[start:]


def without_values(found: ApplicationStatements) -> ApplicationStatements:
    """Return the statements that can be planned, each once, with `$1` … in place of all their values."""
    calls: dict[str, int | None] = {}
    utility = 0
    for one in found.statements:
        text = statement_text.read(CURSOR.sub("", one.text, count=1))
        if len(text.words) != 1 or text.words[0] not in PLANNED:
            utility += 1
            continue
        plain = without_literals(text)
        before = calls.get(plain)
        calls[plain] = one.calls if before is None else before + (one.calls or 0)
    left_out = (*found.left_out, *([(UTILITY, utility)] if utility else ()))
    statements = tuple(ApplicationStatement(text=text, calls=number) for text, number in calls.items())
    return replace(found, statements=statements, left_out=left_out)


def without_unparsed(found: ApplicationStatements | None, failed: Collection[BrokenStatement]) -> Parsed:
    """Return the statements that could be parsed before the plan, and those of them that failed after a migration.

    Of the others only the number is kept, because what PostgreSQL cannot parse may hold a value in an unknown place.
    """
    broken = tuple(one for one in failed if one.because_of is not None)
    unparsed = {one.statement for one in failed if one.because_of is None}
    if found is None or not unparsed:
        return Parsed(statements=found, broken=broken)
    return Parsed(
        statements=replace(
            found,
            statements=tuple(one for one in found.statements if one.text not in unparsed),
            left_out=(*found.left_out, (UNPARSED, len(unparsed))),
        ),
        broken=broken,
    )


def plannable(text: str) -> str:
    """Return a form of a statement without values that PostgreSQL can plan, as far as the grammar is concerned.

    Where a constant stood that the grammar needs, a parameter is an error: `INTERVAL $1`, `EXTRACT($1 FROM …)`.
    """
    text = EXTRACTED.sub("EXTRACT(EPOCH FROM", LENGTHS.sub(r"\1", TYPED.sub(r"CAST(\2 AS \1)", text)))
    return _without_gaps(text)


def filled(text: str, filling: str) -> str:
    """Return the statement with the same constant in place of all its parameters."""
    return PARAMETER.sub(filling, text)


def filled_at(text: str, place: int) -> str | None:
    """Return the statement with a 1 in place of its first parameter from `place` on; None where there is none.

    `place` is where PostgreSQL cannot tell the type of a parameter, as in `$1 + $2` and `AVG($1)`.
    """
    found = PARAMETER.search(text, place)
    return _without_gaps(f"{text[: found.start()]}1{text[found.end() :]}") if found else None


def _without_gaps(text: str) -> str:
    """Number the parameters anew, because PostgreSQL refuses a number that is left out."""
    numbers = {number: place for place, number in enumerate(dict.fromkeys(PARAMETER.findall(text)), 1)}
    return PARAMETER.sub(lambda found: f"${numbers[found[1]]}", text)


def number_of_parameters(text: str) -> int:
    """Return the highest number of a parameter in a statement."""
    return max((int(number) for number in PARAMETER.findall(text)), default=0)


def as_asked(found: ApplicationStatements) -> list[dict[str, Any]]:
    """Return the statements as plain values for the child process."""
    return [{"statement": one.text, "calls": one.calls} for one in found.statements]
