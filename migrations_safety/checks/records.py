"""The check of the tables in which migrations and runs are recorded. A deploy that cannot write them stops half way."""

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

AFTER_MIGRATE = (("contenttypes", "ContentType"), ("auth", "Permission"))
"""App label and name of the models whose rows Django creates for each new model after all migrations."""


def check_records(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find privileges that the role lacks on the tables in which Django and this package record their work."""
    plan = inspected.plan
    if not plan.changes_something:
        return []
    wanted = {MIGRATIONS: ("SELECT", "DELETE" if plan.backwards else "INSERT"), **RUNS}
    if plan.creates:
        wanted |= dict.fromkeys(_written_afterwards(connection), ("SELECT", "INSERT"))
    return _found(connection, wanted, inspected.target)


def refuse_unwritable_records(connection: Connection, target: Target, *wanted: Mapping[str, Iterable[str]]) -> None:
    """Raise MayNotRecord where the role lacks a privilege on the tables in which a run is recorded.

    Each argument in `wanted` maps names of tables to privileges, such as `{"django_migrations": ("INSERT",)}`.
    """
    found = _found(connection, {table: rights for each in wanted for table, rights in each.items()}, target)
    if not tables_exist(connection) and not target.may_create:
        found.append(wording.may_not_create(target.schema, role=target.role))
    if found:
        raise MayNotRecord(found)


def _found(connection: Connection, wanted: Mapping[str, Iterable[str]], target: Target) -> list[Finding]:
    found = []
    for missing in missing_rights(connection, wanted):
        table = missing.table
        if missing.rights or missing.sequences:
            lacking = ", ".join([*missing.rights, *(f"USAGE of the sequence {name}" for name in missing.sequences)])
            grants = missing.grants(quote_identifier(target.role))
            found.append(wording.may_not_record(table, role=target.role, lacking=lacking, grants=grants))
        if missing.hidden:
            rights = ", ".join(missing.hidden)
            found.append(wording.records_hidden(table, alter=table, role=target.role, rights=rights))
    return found


def _written_afterwards(connection: Connection) -> list[str]:
    models = [apps.get_model(app, name) for app, name in AFTER_MIGRATE if apps.is_installed(f"django.contrib.{app}")]
    return [model._meta.db_table for model in models if router.allow_migrate_model(connection.alias, model)]
