"""Every statement of the app, named; the files beside this one hold them.

A statement begins at a line `-- name: what it finds` and ends at the next one. Identifiers are filled in with
`psycopg.sql` (`{table}`), values with parameters (`%(names)s`); a bare `%` is written `%%` in all of them.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

HEADING = re.compile(r"^-- ([a-z_]+): .+$", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, str]:
    """The statements of `<file>.sql` by name."""
    text = (files(__name__) / f"{file}.sql").read_text(encoding="utf-8")  # of a zip too
    _, *parts = HEADING.split(text)
    return dict(zip(parts[::2], (body.strip() for body in parts[1::2]), strict=True))


def statement(name: str) -> str:
    """The text of one statement by its full name, `catalog.tables`; KeyError where there is none."""
    file, _, key = name.partition(".")
    return statements(file)[key]
