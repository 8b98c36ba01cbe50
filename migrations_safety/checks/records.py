"""Checks of the tables in which Django and we record what was done: a deploy that cannot write them stops half way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.apps import apps
from django.db import router

from migrations_safety.audit.record_rights import MIGRATIONS, RUNS, missing_rights
from migrations_safety.audit.run_log import tables_exist
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.privilege import MayNotRecord
from migrations_safety.messages.wording import privilege as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.target import Target
from migrations_safety.sql.identifiers import quote_identifier

AFTERWARDS = (("contenttypes", "ContentType"), ("auth", "Permission"))
"""Models whose rows Django makes for new models, when everything is applied."""


def check_records(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """What each migration, each run and each new model writes."""
    plan = inspected.plan
    if not plan.changes_something:
        return []
    wanted = {MIGRATIONS: ("SELECT", "DELETE" if plan.backwards else "INSERT"), **RUNS}
    if plan.creates:
        wanted |= dict.fromkeys(_written_afterwards(connection), ("SELECT", "INSERT"))
    return _found(connection, wanted, inspected.target)


def refuse_unwritable_records(connection: Connection, target: Target, *wanted: Mapping[str, Iterable[str]]) -> None:
    """Raise MayNotRecord where the role may not write down what a run is about to do."""
    found = _found(connection, {table: rights for one in wanted for table, rights in one.items()}, target)
    if not tables_exist(connection) and not target.may_create:
        found.append(wording.may_not_create(target.schema, role=target.role))
    if found:
        raise MayNotRecord(found)


def _found(connection: Connection, wanted: Mapping[str, Iterable[str]], target: Target) -> list[Finding]:
    found = []
    for one in missing_rights(connection, wanted):
        if one.rights or one.sequences:
            lacking = ", ".join([*one.rights, *(f"USAGE of the sequence {name}" for name in one.sequences)])
            words = {"role": target.role, "lacking": lacking, "grants": one.grants(quote_identifier(target.role))}
            found.append(wording.may_not_record(one.table, **words))
        if one.hidden:
            found.append(
                wording.records_hidden(one.table, alter=one.table, role=target.role, rights=", ".join(one.hidden))
            )
    return found


def _written_afterwards(connection: Connection) -> list[str]:
    models = [apps.get_model(app, name) for app, name in AFTERWARDS if apps.is_installed(f"django.contrib.{app}")]
    return [one._meta.db_table for one in models if router.allow_migrate_model(connection.alias, one)]
