"""Reads what the text of a statement shows before it runs: its first words, and whether it ends a transaction itself.

A function may do anything, so no statement counts as harmless because of its text. The text only decides how a
statement waits for locks, and tells which statements certainly cannot be undone as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg.sql import Composable

PIECES = re.compile(
    r"""
    (?P<comment>--[^\n]*)
  | (?P<block>/\*)
  | (?P<quoted>
        [eE]'(?:[^'\\]|\\.|'')*'? | '(?:[^']|'')*'? | "(?:[^"]|"")*"?
      | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?:(?P=tag)|\Z)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
"""The parts of a text that are not SQL code: comments, strings, quoted names and dollar quotes (PostgreSQL
documentation, chapter 4.1)."""
NAME = r"(?:\"(?:[^\"]|\"\")+\"|\w+)"
BLOCK_COMMENT = re.compile(r"/\*|\*/")
FIRST_WORD = re.compile(r"[\s(]*([A-Za-z]+)")

ENDS_TRANSACTION = frozenset({"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"})
ON_ROWS = frozenset({
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "COPY", "EXPLAIN", "ANALYZE",
    "SET", "RESET", "SHOW", "PREPARE", "EXECUTE", "DEALLOCATE", "DECLARE", "FETCH", "MOVE", "CLOSE",
    "LISTEN", "UNLISTEN", "NOTIFY",
})  # fmt: skip
READS = frozenset({
    "SELECT", "VALUES", "TABLE", "WITH", "SHOW", "EXPLAIN", "DECLARE", "FETCH", "MOVE", "CLOSE", "SET", "RESET",
    "SAVEPOINT", "RELEASE", "PRAGMA", "DESCRIBE",
}) | ENDS_TRANSACTION  # fmt: skip
CHANGES = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|INTO|PREPARED|FOR\s+(KEY\s+)?SHARE)\b|\bPRAGMA\b.*=", re.IGNORECASE
)
"""Words that change or lock rows in a statement which begins like a query, such as FOR UPDATE or `WITH … DELETE`."""
REPEATABLE = frozenset({"VACUUM", "CLUSTER", "REINDEX"})
DEFINES = frozenset({
    "ALTER", "CREATE", "DROP", "TRUNCATE", "LOCK", "COMMENT", "REINDEX", "CLUSTER", "VACUUM", "GRANT", "REVOKE",
    "REASSIGN", "SECURITY", "SET", "RESET",
})  # fmt: skip
QUERIES = re.compile(r"\b(SELECT|AS\s+(EXECUTE|TABLE|VALUES))\b", re.IGNORECASE)
"""A query inside a DDL statement, which may call a function."""
CONCURRENTLY = re.compile(r"\A[\s(]*(CREATE|DROP|REINDEX|ALTER)\b.*\bCONCURRENTLY\b", re.IGNORECASE | re.DOTALL)
VALIDATES = re.compile(r"\A\s*ALTER\s+TABLE\b.*\bVALIDATE\s+CONSTRAINT\b", re.IGNORECASE | re.DOTALL)
ENDS_IN_BODY = re.compile(r"\b(COMMIT|ROLLBACK)\b", re.IGNORECASE)
ROLLBACK_TO = re.compile(r"[\s(]*ROLLBACK\s+(WORK\s+|TRANSACTION\s+)?TO\b", re.IGNORECASE)
PREPARE_TRANSACTION = re.compile(r"[\s(]*PREPARE\s+TRANSACTION\b", re.IGNORECASE)
BEGIN_ATOMIC = re.compile(r"\bBEGIN\s+ATOMIC\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementText:
    """One or several SQL statements that are sent to the server as one text."""

    text: str
    """The text of all statements without comments."""
    words: tuple[str, ...]
    """The first word of each statement, in capitals."""
    ends_transaction: bool
    """Whether any statement begins or ends a transaction, so that PostgreSQL cannot undo the text as a whole."""
    only_savepoint: bool
    """Whether the text is a single SAVEPOINT, RELEASE or ROLLBACK TO statement."""
    only_rows: bool
    """Whether all statements read or write rows. Other sessions queue behind the locks of any other statement."""
    only_defines: bool
    """Whether all are DDL statements without a query, so that no code runs which may catch an error and go on."""
    only_reads: bool
    """Whether the statements change and lock no row and are no DDL, as far as the text shows."""
    concurrent: bool
    """Whether any statement has CONCURRENTLY, which PostgreSQL does not allow inside a transaction."""
    validates: bool
    """Whether the text is a single ALTER TABLE … VALIDATE CONSTRAINT."""

    @property
    def repeatable(self) -> bool:
        """Whether the statement may be cancelled and repeated at any time: VACUUM, CLUSTER or REINDEX."""
        return len(self.words) == 1 and self.words[0] in REPEATABLE and not self.concurrent

    @property
    def name(self) -> str:
        """The name of the statement in messages, which has no values of rows: its first three words.

        For statements on rows it is only the first word.
        """
        words = self.text.split()
        return " ".join(words[:1] if self.only_rows else words[:3]) or "A statement"


@lru_cache(maxsize=512)
def read(sql: str) -> StatementText:
    """Read the text of one or several SQL statements, as the driver sends them to the server."""
    text, code, quoted = _without_comments(sql)
    parts = [part for part in code.split(";") if part.strip()]
    words = tuple(found[1].upper() for part in parts if (found := FIRST_WORD.match(part)))
    in_body = "DO" in words and any(map(ENDS_IN_BODY.search, quoted))
    return StatementText(
        text=text.strip(),
        words=words,
        ends_transaction=in_body or (any(map(_ends_transaction, parts)) and not BEGIN_ATOMIC.search(code)),
        only_savepoint=len(parts) == 1 and (words[:1] in (("SAVEPOINT",), ("RELEASE",)) or _is_rollback_to(parts[0])),
        only_rows=bool(words) and len(words) == len(parts) and ON_ROWS.issuperset(words),
        only_defines=bool(words)
        and len(words) == len(parts)
        and DEFINES.issuperset(words)
        and not QUERIES.search(code),
        only_reads=bool(words) and len(words) == len(parts) and READS.issuperset(words) and not CHANGES.search(code),
        concurrent=any(map(CONCURRENTLY.match, parts)),
        validates=len(parts) == 1 and bool(VALIDATES.match(code)),
    )


def without_quotes(sql: str) -> str:
    """Return the text without comments, and with an empty pair of quotes for each quoted part."""
    return _without_comments(sql)[1]


def of(sql: Any) -> StatementText:
    """Read the argument of a cursor's `execute`: a `str`, `bytes`, or a composition of `psycopg.sql`."""
    if isinstance(sql, Composable):
        return read(sql.as_string())
    return read(sql.decode(errors="replace") if isinstance(sql, bytes) else str(sql))


def split(sql: str) -> list[str]:
    """Split a text into its statements, each with its own comments; semicolons in quotes and comments do not count."""
    code, place = [], 0
    while found := PIECES.search(sql, place):
        end = _end_of_block_comment(sql, found.end()) if found["block"] else found.end()
        code += [sql[place : found.start()], " " * (end - found.start())]
        place = end
    ends = [one.start() for one in re.finditer(";", "".join((*code, sql[place:])))]
    parts = [sql[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(sql)], strict=True)]
    return [part for part in parts if read(part).text]


def _ends_transaction(part: str) -> bool:
    word = FIRST_WORD.match(part)
    if word is None:
        return False
    ends = word[1].upper() in ENDS_TRANSACTION and not _is_rollback_to(part)
    return ends or bool(PREPARE_TRANSACTION.match(part))


def _is_rollback_to(part: str) -> bool:
    return bool(ROLLBACK_TO.match(part))


def _without_comments(sql: str) -> tuple[str, str, list[str]]:
    """Three results: the text without comments, the same text with empty quotes, and a list of the quoted parts."""
    text, code, quoted = [], [], []
    place = 0
    while found := PIECES.search(sql, place):
        before = sql[place : found.start()]
        text.append(before)
        code.append(before)
        place = found.end()
        if found["block"]:
            place = _end_of_block_comment(sql, place)
        if found["quoted"]:
            text.append(found["quoted"])
            code.append('""')
            quoted.append(found["quoted"])
        else:
            text.append(" ")
            code.append(" ")
    return "".join((*text, sql[place:])), "".join((*code, sql[place:])), quoted


def _end_of_block_comment(sql: str, place: int) -> int:
    """The position after the block comment that begins before `place`. Block comments nest in PostgreSQL."""
    depth = 1
    for found in BLOCK_COMMENT.finditer(sql, place):
        depth += 1 if found[0] == "/*" else -1
        if depth == 0:
            return found.end()
    return len(sql)
