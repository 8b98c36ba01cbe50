"""The check of the server, the database and the session."""

from __future__ import annotations

from migrations_safety.locking.deploy_lock import DEPLOY_LOCK
from migrations_safety.measurement.embedded_target import EmbeddedTarget
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import target as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.search_path import passed_over
from migrations_safety.postgresql.target import REFUSED_POOLERS, Target
from migrations_safety.sql import statement


def check_target(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find a standby, a pooler that does not keep sessions, an open transaction, and another running deploy.

    Schemas of the search path that are skipped, timeouts that are set for the role, and sessions that begin read-only,
    are findings, too.
    """
    target = inspected.target
    found = []
    if target.in_recovery:
        found.append(wording.standby(target.name))
    if target.pooler in REFUSED_POOLERS:
        found.append(wording.pooler(target.name, target.pooler))
    if target.in_transaction:
        found.append(wording.open_transaction(target.name))
    if inspected.plan.changes_something and not target.in_recovery:
        found += _read_only(connection)
    for schema in passed_over(connection, before=target.schema):
        found.append(wording.schema_passed_over(schema, role=target.role, used=target.schema))
    with connection.cursor() as cursor:
        cursor.execute(statement("target.timeouts"))
        if timeouts := dict(cursor.fetchall()):
            found.append(wording.timeouts_on_the_role(target.role, timeouts))
        cursor.execute(statement("target.deploy_lock_holders"), DEPLOY_LOCK)
        if cursor.fetchone()[0]:
            found.append(wording.deploy_running(target.name))
    return found


def check_embedded(target: Target, made: EmbeddedTarget | None) -> list[Finding]:
    """Say that a database was made from the migrations, and what of them was passed over; nothing of any other."""
    if made is None:
        return []
    passed_over = (wording.passed_over(one.migration, what=one.what, reason=one.reason) for one in made.passed_over)
    return [wording.made_from_migrations(target.name, revision=made.revision, earlier=made.earlier), *passed_over]


def _read_only(connection: Connection) -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(statement("target.read_only"))
        return [wording.read_only(database, role=role, source=source) for source, role, database in cursor.fetchall()]
