"""Ids in a format of the house's own: one that a person registered, or one that only a generator writes.

A name or a telephone number must never pass for an id. So what the structure alone tells is narrow (`LONG_CODE`), and
everything else takes a pattern that a person vouches for: the setting MIGRATIONS_SAFETY_ID_PATTERN.
"""

from __future__ import annotations

import re

from django.db import DatabaseError, transaction
from psycopg import sql

from migrations_safety.fields import id_pattern, id_pattern_name
from migrations_safety.messages.refusals.backfill import IdPatternRefused
from migrations_safety.postgresql.connection import Connection
from migrations_safety.sql import statement
from migrations_safety.sql.composition import compose

LONG_CODE = r"^([0-9A-Z]{4,12}(-[0-9A-Z]{4,12}){2,7}|[0-9a-z]{4,12}(-[0-9a-z]{4,12}){2,7})$"
"""Groups with hyphens between them, in one case."""
MIXED = r"([a-zA-Z][0-9]|[0-9][a-zA-Z])[0-9a-zA-Z]*-.*([a-zA-Z][0-9]|[0-9][a-zA-Z])"
"""At least two of the groups have letters and digits: no words of a name, no part of a telephone number has both."""
LONG_ENOUGH = 18
"""Letters and digits: so many make a code that nobody made up."""
NO_IDS = ("Achieng Otieno", "OTIENO, ACHIENG", "0712 345 678", "+254 712-345-678", "achieng@example.org")
"""What a registered pattern may not match."""


def is_of_the_house(pattern: str) -> sql.Composable:
    """True where the whole value is of the registered pattern."""
    return compose("house_format.is_of_the_house", whole=sql.Literal(_whole(pattern))) if pattern else sql.SQL("false")


def is_long_code() -> sql.Composable:
    """True where a value has the structure of a generated code."""
    names = {"long_code": LONG_CODE, "mixed": MIXED, "long_enough": LONG_ENOUGH}
    return compose("house_format.is_long_code", **{name: sql.Literal(value) for name, value in names.items()})


def refuse_id_pattern(connection: Connection) -> None:
    """Raise IdPatternRefused where PostgreSQL cannot read the registered pattern, or where it takes names for ids."""
    if not (pattern := id_pattern()):
        return
    asked = {"pattern": pattern, "whole": _whole(pattern), "no_ids": list(NO_IDS)}
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement("house_format.matches_no_ids"), asked)
            (matches,) = cursor.fetchone()
    except DatabaseError as error:
        reason = "PostgreSQL cannot read it as a regular expression"
        raise IdPatternRefused(name=id_pattern_name(), reason=reason) from error
    if matches:
        raise IdPatternRefused(name=id_pattern_name(), reason="it matches names or telephone numbers too")


def _whole(pattern: str) -> str:
    """The same for a whole value; a percent sign as a regular expression may spell it and a statement keeps it."""
    kept = re.sub(r"\\.|%", lambda found: r"\u0025" if found[0].endswith("%") else found[0], pattern, flags=re.DOTALL)
    return f"^(?:{kept})$"
