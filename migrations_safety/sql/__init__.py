"""All SQL statements of the app, which stand in the *.sql files of this folder, each under a name.

A statement begins after a line `-- name: what it finds` and ends before the next such line. `{table}` is a place for
an identifier, which `psycopg.sql` fills in; `%(names)s` is a parameter. Every other `%` is therefore written `%%`, and
a statement with `%%` is sent with parameters, with an empty dictionary where it has none: without them psycopg leaves
both signs.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

HEADING = re.compile(r"^-- ([a-z_]+): .+$", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, str]:
    """Return the statements of the file `<file>.sql`, by their names."""
    text = (files(__name__) / f"{file}.sql").read_text(encoding="utf-8")  # works in a zip file too
    _, *parts = HEADING.split(text)
    return dict(zip(parts[::2], (body.strip() for body in parts[1::2]), strict=True))


def statement(name: str) -> str:
    """Return the SQL of one statement by its full name, for example `catalog.tables`.

    Raises KeyError where the file has no statement of that name.
    """
    file, _, key = name.partition(".")
    return statements(file)[key]
