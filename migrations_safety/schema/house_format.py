"""Recognises ids in a format of the hospital itself, which is no UUID or other known kind of id.

A name or a telephone number must never be taken for an id. Without configuration only long codes that look generated
are recognised (`LONG_CODE`). For any other format somebody must set MIGRATIONS_SAFETY_ID_PATTERN, and so vouch for it.
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
"""Matches three to eight groups of letters and digits, joined by hyphens, all in upper or all in lower case."""
MIXED = r"([a-zA-Z][0-9]|[0-9][a-zA-Z])[0-9a-zA-Z]*-.*([a-zA-Z][0-9]|[0-9][a-zA-Z])"
"""Matches if two groups have both letters and digits, as words of a name or parts of a telephone number do not."""
LONG_ENOUGH = 18
"""The number of letters and digits from which on a code must come from a generator."""
NO_IDS = ("Achieng Otieno", "OTIENO, ACHIENG", "0712 345 678", "+254 712-345-678", "achieng@example.org")
"""Examples of names and the like, none of which a configured pattern may match."""


def is_of_the_house(pattern: str) -> sql.Composable:
    """Build the SQL condition "the whole value matches the configured `pattern`"; `false` for an empty pattern."""
    return compose("house_format.is_of_the_house", whole=sql.Literal(_whole(pattern))) if pattern else sql.SQL("false")


def is_long_code() -> sql.Composable:
    """Build the SQL condition "the value has the structure of a generated code"."""
    names = {"long_code": LONG_CODE, "mixed": MIXED, "long_enough": LONG_ENOUGH}
    return compose("house_format.is_long_code", **{name: sql.Literal(value) for name, value in names.items()})


def refuse_id_pattern(connection: Connection) -> None:
    """Raise IdPatternRefused if PostgreSQL cannot parse the configured pattern, or if it matches one of `NO_IDS`."""
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
    """Return the pattern for a whole value, with each percent sign escaped.

    The escape means the same in a regular expression, and no placeholder in a statement.
    """
    kept = re.sub(r"\\.|%", lambda found: r"\u0025" if found[0].endswith("%") else found[0], pattern, flags=re.DOTALL)
    return f"^(?:{kept})$"
