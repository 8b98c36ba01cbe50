"""Keeps a process on the copy: it can reach no other database, and changes nothing that the whole server shares.

The copy is known by the identifier of its cluster, its oid, its name and its comment. They are read whenever Django
opens a connection, and before each migration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from migrations_safety.locking import statement_text
from migrations_safety.sql import statement

BEGINNING = r"(?:\A|[;'$(]|\b(?:BEGIN|THEN|ELSE|LOOP)\b)\s*"
"""Where a statement begins, also in code."""
SHARED = re.compile(
    BEGINNING + r"(?:"
    r"(?:ALTER|CREATE|DROP|COMMENT\s+ON|SECURITY\s+LABEL\s+(?:FOR\s+\S+\s+)?ON)\s+"
    r"(?:ROLE|USER(?!\s+MAPPING)|GROUP|DATABASE|TABLESPACE|SYSTEM)\b"
    r"|(?:DROP|REASSIGN)\s+OWNED\b"
    r"|(?:GRANT|REVOKE)\s[^;]*\bON\s+(?:DATABASE|TABLESPACE|PARAMETER)\b"
    r"|(?:GRANT|REVOKE)\s(?:(?!\bON\b)[^;])*\b(?:TO|FROM)\b)",
    re.IGNORECASE,
)
"""Statements about what all databases of a server share."""
ACTING = re.compile(
    r"\b(?:CREATE|ALTER)\s+SUBSCRIPTION\b|\bCOPY\b.*\b(?:FROM|TO)\s+PROGRAM\s*(?:[eE]?'|[$%])|\bCREATE\s+(?:SERVER|FOREIGN\s+DATA\s+WRAPPER)\b"
    r"|\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(?:dblink|pg_cron|pg_net|http|\w*_fdw)\b",
    re.IGNORECASE | re.DOTALL,
)
"""Statements with which a database reaches outside of its server."""
SESSIONS = re.compile(
    r"\bpg_(?:terminate_backend|reload_conf|rotate_logfile|promote|switch_wal|create_restore_point"
    r"|wal_replay_(?:pause|resume)|(?:create|copy|drop|advance)_(?:\w+_)?replication_slot|replication_slot_advance)\s*\("
    r"|\bpg_cancel_backend\s*\((?!\s*(?:\$1|%\(pid\)s)\s*\))",  # which is how the watchdog ends a statement
    re.IGNORECASE,
)
"""Calls with which a session acts on others, or on the whole server."""
QUOTED = re.compile(
    r"""
    (?P<name>"(?:[^"]|"")*") | (?P<tag>\$(?:[^\W\d]\w*)?\$)(?P<body>.*?)(?:(?P=tag)|\Z)
    | \b[eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*'
    """,
    re.VERBOSE | re.DOTALL,
)
"""Names, dollar quotes and literals; each may hold the signs with which the others begin."""
CODE = re.compile(r"\s*DO\b", re.IGNORECASE)
"""A statement whose literal is code."""


class NotOnTheCopy(Exception):
    """Raised where a session does not lead to the copy; nothing was sent through it."""


class ReachesOutside(Exception):
    """Raised for a statement that would act outside of the copy; it was not sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What the copy is known by."""

    system_identifier: str | None
    oid: int
    name: str
    marker: str

    def refuse_other(self, session: psycopg.Connection[Any]) -> None:
        """Raise NotOnTheCopy where the session leads to another database."""
        if identity_of(session) != self:
            raise NotOnTheCopy("the connection does not lead to the copy")


def identity_of(session: psycopg.Connection[Any]) -> Identity:
    """Return what the database of the session is known by."""
    with session.cursor() as cursor:
        cursor.row_factory = psycopg.rows.tuple_row
        may_read = cursor.execute(statement("guard.may_read").encode()).fetchall()[0][0]
        cluster = cursor.execute(statement("guard.cluster").encode()).fetchall()[0][0] if may_read else None
        oid, name, marker = cursor.execute(statement("guard.database").encode()).fetchall()[0]
    return Identity(system_identifier=cluster, oid=oid, name=name, marker=marker)


def refuse_outside(query: Any, *, is_shared: bool) -> None:
    """Raise ReachesOutside for a statement that acts outside of the copy.

    With `is_shared` the copy is on a server with other databases, whose roles and settings may not change either.
    """
    text = code = statement_text.of(query).text
    if not CODE.match(text):
        text, code = QUOTED.sub(_without_literals, text), statement_text.without_quotes(text)
    looks = [(ACTING, text), *([(SHARED, text), (SESSIONS, code)] if is_shared else [])]
    for pattern, within in looks:
        if found := pattern.search(within):
            words = " ".join(found[0].split("(")[0].split()[:3]).upper()
            raise ReachesOutside(f"{words} acts outside of the copy, and was not run")


def _without_literals(found: re.Match[str]) -> str:
    """Return a name as it is, and code in dollar quotes without its literals."""
    if found["tag"]:
        return f"{found['tag']}{QUOTED.sub(_without_literals, found['body'])}{found['tag']}"
    return found["name"] or "''"


class GuardedConnect:
    """Refuses, in the place of psycopg's own function, to connect to anything but the copy."""

    def __init__(self, connect: Callable[..., Any], *, name: str, host: str, port: str) -> None:
        self.connect = connect
        self.allowed = (name, host, port)

    def __call__(self, conninfo: str, **more: Any) -> Any:
        """Connect to the copy; raises NotOnTheCopy where the parameters lead elsewhere."""
        found = psycopg.conninfo.conninfo_to_dict(conninfo)
        there = tuple(str(found.get(key) or "") for key in ("dbname", "host", "port"))
        if there != self.allowed or found.get("service"):
            raise NotOnTheCopy("the code connects to a database that is not the copy; it was not connected")
        return self.connect(conninfo, **more)
