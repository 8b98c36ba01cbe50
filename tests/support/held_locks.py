"""The locks of the plan of the app `ward`: how long they are held, and what is found of that."""

from __future__ import annotations

from typing import Any

from migrations_safety.checks.held_locks import check_held_locks
from migrations_safety.measurement.durations import held_locks

ROWS = """
    INSERT INTO ward_clinic (code) SELECT 'c' || g FROM generate_series(1, 200) AS g;
    INSERT INTO ward_bed (number, slug) SELECT g, repeat('s', 100) || g FROM generate_series(1, 40000) AS g;
    INSERT INTO ward_ward (beds, price, clinic_id) SELECT g, 1, g FROM generate_series(1, 200) AS g;
    SELECT pg_stat_force_next_flush()
"""
INDEX = 'migrations.AddIndex("bed", models.Index(fields=["number"], name="bed_number"))'
NOTE = 'migrations.AddField("bed", "note", models.TextField(null=True))'
LONG, SHORT = 0.000001, 1000.0
"""Limits in seconds that every work is over, and none."""


def check(plan: tuple[Any, Any], *, max_stall: float, small: int = 0, hot: tuple[str, ...] = ()) -> dict[str, Any]:
    """The findings by id and table."""
    found = check_held_locks(*plan, max_stall=max_stall, small=small, hot=frozenset(hot))
    by_place = {f"{one.id} {one.subject}": one for one in found}
    assert len(by_place) == len(found)
    return by_place


def held(plan: tuple[Any, Any], **how: Any) -> dict[str, Any]:
    """The locks of the only transaction, by table."""
    (locks,) = held_locks(*plan, **how)
    return {one.table: one for one in locks}


def nobody_has_used(measured: Any) -> None:
    """Let the session of the migrations report what it has read, and forget it."""
    _, database, connection = measured
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    database.execute("SELECT pg_stat_reset()")
