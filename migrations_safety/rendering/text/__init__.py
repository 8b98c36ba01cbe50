"""Turns reports into the text that commands print."""

from migrations_safety.rendering.text.audit import audit
from migrations_safety.rendering.text.backfill import backfill
from migrations_safety.rendering.text.backup import backup
from migrations_safety.rendering.text.diagnosis import diagnosis
from migrations_safety.rendering.text.kept import kept
from migrations_safety.rendering.text.migrate import closing, lock_waits, migrate
from migrations_safety.rendering.text.precheck import precheck
from migrations_safety.rendering.text.rehearsal import rehearsal
from migrations_safety.rendering.text.rollback import rollback
from migrations_safety.rendering.text.statistics import statistics
from migrations_safety.rendering.text.verification import verification

__all__ = [
    "audit", "backfill", "backup", "closing", "diagnosis", "kept", "lock_waits", "migrate", "precheck", "rehearsal",
    "rollback",
    "statistics",
    "verification",
]  # fmt: skip
