"""Commands run in a process that times each statement: `python -m tests.benchmarks.speed.inside backfill|verify`.

What a command prints does not tell its statements apart; the process prints JSON instead of a report.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import django
from django.db import connections

from migrations_safety.verification.scope import of_registered

Timed = list[tuple[str, float]]


def main() -> None:
    """Run one of the two."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ehr.settings")
    django.setup()
    print(json.dumps({"backfill": backfill, "verify": verify}[sys.argv[1]]()))


def backfill() -> dict[str, Any]:
    """The placeholders without their risk flags: seconds of it all, and of the longest transaction."""
    from migrations_safety import registry
    from migrations_safety.backfill import backfill
    from migrations_safety.management.commands.migrate import migrate_to

    for maker in registry.placeholder_makers():
        registry.register_placeholders(replace(maker, companions=()))
    started = time.perf_counter()
    statements, report = timed(lambda: backfill.run(using="default", migrate=migrate_to))
    seconds = time.perf_counter() - started
    batches = [one for text, one in statements if "migrations_safety_place(%" in text]
    return {
        "seconds": seconds,
        "created": report.created,
        "batches": report.batches,
        "longest_ms": round(1000 * max(batches, default=0.0), 1),
    }


def verify() -> dict[str, Any]:
    """Milliseconds of the database for the schema, and for counting orphans and placeholders again."""
    from migrations_safety.verification import verification

    statements, report = timed(lambda: verification.run(of_registered("patients"), using="default"))
    counting = sum(seconds for text, seconds in statements if "WITH counted" in text)
    everything = sum(seconds for _, seconds in statements)
    return {
        "verdict": report.verdict,
        "schema_ms": round(1000 * (everything - counting), 1),
        "recount_ms": round(1000 * counting, 1),
    }


def timed(work: Any) -> tuple[Timed, Any]:
    """What the work gives, and each of its statements with its seconds."""
    found: Timed = []

    def wrapper(execute: Any, query: Any, parameters: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(query, parameters, many, context)
        finally:
            text = query if isinstance(query, str) else query.as_string(context["connection"].connection)
            found.append((text, time.perf_counter() - started))

    with ExitStack() as stack:
        stack.enter_context(connections["default"].execute_wrapper(wrapper))
        return found, work()


if __name__ == "__main__":
    main()
