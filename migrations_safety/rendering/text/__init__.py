"""Reports as text for people."""

from migrations_safety.rendering.text.audit import audit
from migrations_safety.rendering.text.backfill import backfill
from migrations_safety.rendering.text.migrate import migrate
from migrations_safety.rendering.text.precheck import precheck
from migrations_safety.rendering.text.verification import verification

__all__ = ["audit", "backfill", "migrate", "precheck", "verification"]
