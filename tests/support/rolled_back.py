"""For the tests of `rollback_migrations`: the app `ward` in this process, rolled back by all the rules."""

from __future__ import annotations

from typing import Any

from migrations_safety.migrate.options import LockOptions
from migrations_safety.recovery.rollback import rollback
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.recovery.rollback.report import RollbackReport


def roll_back(name: str, *, app: str = "ward", **options: Any) -> RollbackReport:
    """Roll the app back to this migration."""
    wanted: dict[str, Any] = {
        "using": "default",
        "command": "rollback_migrations",
        "locks": LockOptions(retry_for=20),
    } | options
    return rollback.run(RollbackOptions(app_label=app, migration_name=name, **wanted))


def told(report: RollbackReport) -> list[tuple[str, str, int | None]]:
    """The findings that forbid something: id, subject, and the number of rows."""
    return [(one.id, one.subject, one.rows) for one in report.blocking]
