"""Quotes names for SQL: always, or only where it is needed, with or without their schema."""

import re

LONGEST_NAME = 63
"""The most bytes that a name may have in PostgreSQL."""
PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
    leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
    placing primary references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window with
"""
RESERVED = frozenset(_RESERVED.split())
"""Reserved words, which must be quoted when used as names (PostgreSQL documentation, appendix C)."""


def quote_identifier(name: str) -> str:
    """Return the name in double quotes, with the quotes inside it doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_if_needed(name: str) -> str:
    """Return the name of a table or column as SQL that can be pasted, quoted only where that is needed.

    A name that Django has quoted already keeps its quotes.
    """
    if name.startswith('"') and name.endswith('"'):
        return name
    if '"' in name:
        return f'"{name}"'
    return name if PLAIN.fullmatch(name) and name not in RESERVED else quote_identifier(name)


def qualify_if_needed(name: str, *, schema: str) -> str:
    """Return the name of a table as SQL that can be pasted, with its schema unless that is public."""
    already_says = name.startswith('"') and name.endswith('"')
    return (
        quote_if_needed(name)
        if schema == "public" or already_says or '"' in name
        else f"{quote_if_needed(schema)}.{quote_if_needed(name)}"
    )


def as_stored(name: str) -> str:
    """Return a name as PostgreSQL stores it: cut to 63 bytes, and never within a character."""
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")
