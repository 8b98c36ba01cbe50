"""Compares the tables of the applied migrations with the database, before anything is judged on top of them.

Only what the migrations surely make is compared: see `plan.applied_schema`. Enums, comments, triggers, rights, invalid
indexes, NOT VALID constraints and partitioned tables are not compared here; `verify_schema` compares more of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import drift as wording
from migrations_safety.messages.wording import schema as schema_wording
from migrations_safety.plan.applied_schema import AppliedSchema
from migrations_safety.postgresql import catalog, table_details
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.table_details import TableDetails
from migrations_safety.schema.declared_keys import DeclaredKey, declared_keys
from migrations_safety.schema.declared_models import managed_models
from migrations_safety.schema.keys import compare_keys, read_keys
from migrations_safety.schema.routing import kept_out
from migrations_safety.sql import statement
from migrations_safety.verification.report import Difference, Drift, NotCompared
from migrations_safety.verification.tables import compare_table

NOT_OF_DRIFT = ("schema.E012", "schema.E015", "schema.E016", "schema.E017", "schema.E024")
"""What a migration that was stopped leaves, and what other findings tell: NOT VALID, invalid, disabled, orphans."""
UNDECLARED = re.compile(r"^Declare it in the model, or drop it(?: with its values)?: ")
"""How the hints of the area schema begin for an object that no model declares."""
UNREADABLE = (FieldDoesNotExist, FieldError, LookupError, AttributeError, TypeError, ValueError)
"""The errors of a model of the migrations that names what it does not have, such as an index on a removed field."""
LOCKED = "another session has locked it"
SENTENCE = re.compile(
    r"is (?:not declared|declared(?: as| with the(?P<default> default))? (?P<declared>.+?))"
    r", but (?:does not exist|(?:is|has|exists as) (?P<found>.+?))\.?"
)
"""What each finding of the area schema says about an object: how it is declared, and how it was found."""


def find_drift(connection: Connection, applied: AppliedSchema | None) -> Drift:
    """Return how the database differs from what the applied migrations make; nothing where these are not known.

    A table that another session has locked is not compared. The locks of the comparison are released at its end.
    """
    if applied is None:
        return Drift()
    models = list(applied.models)
    reasons = _reasons(connection, models, applied)
    wanted = [model for model in models if model._meta.db_table not in reasons]
    try:
        findings = _compared(connection, wanted, reasons)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        reasons |= {model._meta.db_table: LOCKED for model in wanted}
        findings = []
    return Drift(
        compared=len({model._meta.db_table for model in models} - set(reasons)),
        differences=tuple(map(_difference, filter(_counts, findings))),
        not_compared=tuple(NotCompared(name=name, reason=reason) for name, reason in sorted(reasons.items())),
        unmanaged=tuple(_unmanaged(connection, models)),
    )


def _reasons(connection: Connection, models: list[Any], applied: AppliedSchema) -> dict[str, str]:
    """Return the tables that are not compared, each with the reason."""
    often = Counter(model._meta.db_table for model in models)
    reasons = {name: "several models have this table" for name, number in often.items() if number > 1}
    of_others = applied.tables_of_others & set(often)
    reasons |= dict.fromkeys(of_others, "code of a migration, or a baseline, may say otherwise")
    there = catalog.tables(connection, often)
    with connection.cursor() as cursor:
        cursor.execute(statement("drift.locked"), {"oids": [table.oid for table in there.values()]})
        locked = {oid for (oid,) in cursor.fetchall()}
    for name, table in there.items():
        if table.is_partitioned:
            reasons[name] = "it is partitioned"
        elif not table.may_select:
            reasons[name] = "the role may not read it"
        elif table.oid in locked:
            reasons[name] = LOCKED
    return reasons


def _compared(connection: Connection, models: list[Any], reasons: dict[str, str]) -> list[Finding]:
    """Return the differences; a table whose model cannot be read is added to `reasons`."""
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute(statement("drift.limit_lock_waits"))
        there = table_details.read(connection, [model._meta.db_table for model in models])
        findings = list(_of_tables(connection, models, there, reasons))
        readable = [model for model in models if model._meta.db_table not in reasons]
        findings += _of_keys(connection, readable)
        transaction.set_rollback(True, using=connection.alias)
    return findings


def _of_tables(
    connection: Connection, models: Iterable[Any], there: dict[str, TableDetails], reasons: dict[str, str]
) -> Iterator[Finding]:
    for model in models:
        table = model._meta.db_table
        if table not in there:
            yield schema_wording.table_missing(table, made_by=None)
            continue
        try:
            found = compare_table(connection, model, there[table]).findings
        except UNREADABLE:
            reasons[table] = "its model, as the migrations leave it, contradicts itself"
        else:
            yield from found


def _of_keys(connection: Connection, models: list[Any]) -> list[Finding]:
    elsewhere = kept_out(connection.alias)
    tables = [model._meta.db_table for model in models]
    keys = [key for model in models for key in declared_keys(model)]
    wanted = [key for key in keys if key.target_table not in elsewhere]
    there = read_keys(connection, wanted, own_tables=tables)
    existing = set(there.tables)
    return compare_keys(
        [key for key in wanted if {*key.tables} <= existing],
        there,
        own_tables=tables,
        elsewhere=[key for key in keys if key.target_table in elsewhere],
        is_pending=_never,
    ).findings


def _never(key: DeclaredKey) -> bool:
    return False


def _counts(finding: Finding) -> bool:
    return finding.level is Level.ERROR and finding.id not in NOT_OF_DRIFT and "NOT VALID" not in finding.message


def _difference(finding: Finding) -> Difference:
    said = SENTENCE.fullmatch(finding.message)
    assert said is not None, finding.id
    kind = "DEFAULT " if said["default"] else ""
    declared, found = (kind + value if value else None for value in said.group("declared", "found"))
    change = UNDECLARED.sub("", finding.hint)
    return Difference(object=finding.subject, declared=declared, found=found, change=change)


def check_drift(drift: Drift) -> list[Finding]:
    """Return one finding for each difference."""
    return [_finding(one) for one in drift.differences]


def _finding(one: Difference) -> Finding:
    if one.declared is None:
        return wording.made_by_hand(one.object, found=str(one.found), change=one.change)
    if one.found is None:
        return wording.missing(one.object, declared=one.declared, change=one.change)
    return wording.differs(one.object, declared=one.declared, found=one.found, change=one.change)


def _unmanaged(connection: Connection, models: Iterable[Any]) -> list[str]:
    """Return the tables of the current schema that no model declares and that hold no record of ours or Django's."""
    declared = {model._meta.db_table for model in (*models, *managed_models(apps))}
    with connection.cursor() as cursor:
        cursor.execute(statement("drift.tables"), {"declared": sorted(declared)})
        return [name for (name,) in cursor.fetchall()]
