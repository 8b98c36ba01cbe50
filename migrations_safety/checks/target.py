"""Checks of the server and the session."""

from __future__ import annotations

from typing import Any

from migrations_safety.checks.evidence import Evidence
from migrations_safety.findings import Finding
from migrations_safety.findings import target as wording
from migrations_safety.locks import DEPLOY_LOCK
from migrations_safety.sql import statement


def check_target(connection: Any, evidence: Evidence) -> list[Finding]:
    """A standby, a pooler in transaction mode, timeouts that would end a validation, another deploy."""
    target = evidence.target
    found = []
    if target.in_recovery:
        found.append(wording.standby(target.name))
    if target.through_pooler:
        found.append(wording.pooler_in_transaction_mode(target.name))
    with connection.cursor() as cursor:
        cursor.execute(statement("session.timeouts"))
        if timeouts := dict(cursor.fetchall()):
            found.append(wording.timeouts_on_the_role(target.role, timeouts))
        cursor.execute(statement("session.deploy_lock_holders"), DEPLOY_LOCK)
        if cursor.fetchone()[0]:
            found.append(wording.deploy_running(target.name))
    return found
