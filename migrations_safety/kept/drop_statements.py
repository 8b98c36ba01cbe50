"""Reads the statements that drop a table or a column, as Django sends them and as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from migrations_safety.locking import statement_text

NAME = r"(?:\"(?:[^\"]|\"\")+\"|[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*)"
"""Named by the ASCII characters that it may not have: a range of all others takes a tenth of a second to compile."""
QUALIFIED = rf"{NAME}(?:\s*\.\s*{NAME})?"
ENDING = r"(?:\s+(?:CASCADE|RESTRICT))?\s*;?\s*"
DROPS_TABLES = re.compile(
    rf"\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?P<tables>{QUALIFIED}(?:\s*,\s*{QUALIFIED})*){ENDING}", re.IGNORECASE
)
DROPS_COLUMN = re.compile(
    rf"\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?P<table>{QUALIFIED})\s+DROP\s+(?:COLUMN\s+)?(?:IF\s+EXISTS\s+)?"
    rf"(?P<column>{NAME}){ENDING}",
    re.IGNORECASE,
)
DROPS_TYPE = re.compile(
    rf"\s*DROP\s+(?:TYPE|DOMAIN)\s+(?:IF\s+EXISTS\s+)?(?P<type>{QUALIFIED})(?:\s+RESTRICT)?\s*;?\s*", re.IGNORECASE
)
DROPS_KEY = re.compile(
    rf"\bALTER\s+TABLE\s+(?P<table>{QUALIFIED})\s+DROP\s+CONSTRAINT\s+(?:IF\s+EXISTS\s+)?(?P<name>{NAME})",
    re.IGNORECASE,
)
NO_COLUMN = re.compile(r"\s*ALTER\s+TABLE\b.*\bDROP\s+(CONSTRAINT|EXPRESSION|DEFAULT|NOT|IDENTITY)\b", re.IGNORECASE)
MAY_DROP = re.compile(
    r"\bDROP\s+(?:MATERIALIZED\s+VIEW|FOREIGN\s+TABLE|TABLE|COLUMN|SCHEMA|OWNED|EXTENSION|TYPE|DOMAIN)\b"
    r"|\bALTER\s+TABLE\b.*\bDROP\s+(?!CONSTRAINT\b|EXPRESSION\b|DEFAULT\b|NOT\b|IDENTITY\b)",
    re.IGNORECASE | re.DOTALL,
)
OF_NOBODY = re.compile(r"\bDROP\s+(?:MATERIALIZED\s+VIEW|TYPE|DOMAIN)\b(?!.*\bCASCADE\b)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedName:
    """What a statement drops, by the names in its text."""

    table: str
    """The name of the table as it is written, which may be quoted and with a schema."""
    column: str | None = None
    """The name of the column as PostgreSQL stores it; None where the whole table is dropped."""


def dropped_by(sql: str) -> tuple[DroppedName, ...]:
    """Return what one plain `DROP TABLE` or `ALTER TABLE … DROP COLUMN` drops; nothing for any other text."""
    text = statement_text.read(sql).text
    if found := DROPS_TABLES.fullmatch(text):
        names = re.findall(QUALIFIED, found["tables"])
        return tuple(DroppedName(table=name) for name in names if not name.startswith("pg_temp."))
    found = DROPS_COLUMN.fullmatch(text)
    if found is None or NO_COLUMN.match(text):
        return ()
    return (DroppedName(table=found["table"], column=stored(found["column"])),)


def dropped_type(sql: str) -> str | None:
    """Return the name of the type that one plain `DROP TYPE` without CASCADE drops; None for any other text."""
    found = DROPS_TYPE.fullmatch(statement_text.read(sql).text)
    return found["type"] if found else None


def dropped_constraint(sql: str) -> tuple[str, str] | None:
    """Return the table, as it is written, and the name of a constraint that a statement drops; None for none."""
    found = DROPS_KEY.search(statement_text.read(sql).text)
    return (found["table"], stored(found["name"])) if found else None


def may_drop(sql: str) -> bool:
    """Return whether a text that `dropped_by` does not read may drop tables or columns, as far as it shows.

    The text of a function or of a `DO` is not read: what happens there is found out afterwards.
    """
    code = statement_text.without_quotes(sql)
    return any(bool(MAY_DROP.search(part)) and not OF_NOBODY.search(part) for part in code.split(";"))


def stored(name: str) -> str:
    """Return a written name as PostgreSQL stores it: without quotes, or in small letters."""
    if name.startswith('"'):
        return name[1:-1].replace('""', '"')
    return name.lower()
