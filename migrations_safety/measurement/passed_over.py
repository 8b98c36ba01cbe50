"""Passes over operations that run code of the project, or SQL that reaches outside of the scratch database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

OUTSIDE = frozenset({
    "program", "dblink", "dblink_connect", "dblink_exec", "dblink_send_query", "pg_read_file", "pg_read_binary_file",
    "pg_ls_dir", "pg_file_write", "lo_import", "lo_export", "subscription", "http", "http_get", "http_post",
    "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_switch_wal", "pg_notify", "notify",
})  # fmt: skip
"""Words of SQL that reach beyond the database: programs, files, other servers and other sessions."""


@contextmanager
def without_code() -> Iterator[None]:
    """Run the block without the operations that run Python, and without SQL that reaches outside of the database.

    They are passed over whichever migration or operation holds them.
    """
    with ExitStack() as stack:
        for kind in (RunPython, RunSQL):
            for method in ("database_forwards", "database_backwards"):
                stack.enter_context(_passed_over(kind, method))
        yield


@contextmanager
def _passed_over(kind: Any, method: str) -> Iterator[None]:
    run = getattr(kind, method)

    def pass_over(self: Any, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if isinstance(self, RunSQL) and not reaches_outside(self):
            run(self, app_label, schema_editor, from_state, to_state)
        else:
            from_state.clear_delayed_apps_cache()  # as RunPython itself does before its code

    setattr(kind, method, pass_over)
    try:
        yield
    finally:
        setattr(kind, method, run)


def reaches_outside(operation: Any) -> bool:
    """Whether the text of a RunSQL has a word with which PostgreSQL reaches files, programs or other servers."""
    return any(not OUTSIDE.isdisjoint(re.findall(r"\w+", text.lower())) for text in texts_of(operation))


def texts_of(operation: Any) -> Iterator[str]:
    """Yield the SQL of a RunSQL, forwards and backwards."""
    for texts in (operation.sql, operation.reverse_sql):
        yield from [texts] if isinstance(texts, str) else (str(one) for one in texts or ())


def is_opaque(operation: Any, *, is_backwards: bool) -> bool:
    """Whether an operation, or one inside it, was passed over by `without_code`."""
    if isinstance(operation, SeparateDatabaseAndState):
        return any(is_opaque(one, is_backwards=is_backwards) for one in operation.database_operations)
    if isinstance(operation, RunSQL):
        return reaches_outside(operation)
    code = "reverse_code" if is_backwards else "code"
    return isinstance(operation, RunPython) and getattr(operation, code) is not RunPython.noop
