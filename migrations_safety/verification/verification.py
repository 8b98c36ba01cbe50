"""Verifies that the database is what the models declare, and that every foreign-key value has its parent."""

from __future__ import annotations

from collections.abc import Callable

from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.messages.progress import Progress
from migrations_safety.plan.pending import Pending
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.target import Target, connect
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.keys import compare_keys, read_keys
from migrations_safety.verification.orphans import count_orphans
from migrations_safety.verification.report import VerificationReport
from migrations_safety.verification.scope import Orphans, Scope
from migrations_safety.verification.tables import Comparison, compare_enums, compare_tables


def run(
    scope_on: Callable[[str], Scope],
    *,
    using: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    reading: ScanOptions = BY_SIZE,
    progress: Progress | None = None,
) -> VerificationReport:
    """Compare a scope with the database of the alias `using`, and count rows without a parent, in one snapshot.

    `scope_on` returns the scope for an alias: `scope.of_registered(app_label)` or `scope.of_apps(app_labels)`. Raises
    a Refusal where the database could not be compared.
    """
    connection = connection_of(using)
    target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
    wanted = scope_on(using)
    progress = progress or Progress()

    def look() -> VerificationReport:
        return _look(connection, wanted, target, reading=reading, progress=progress)

    return in_snapshot(connection, look, progress=progress)


def _look(
    connection: Connection, scope: Scope, target: Target, *, reading: ScanOptions, progress: Progress
) -> VerificationReport:
    pending = Pending(connection)
    comparison = compare_enums(connection, scope.enums, pending)
    comparison.add(compare_tables(connection, scope, pending, role=target.role))
    matching = _compare_keys(connection, scope, comparison, pending)
    held = frozenset(matching)
    counted = [key for key in scope.keys if _is_counted(scope.orphans, key, held)]
    orphans = count_orphans(connection, counted, target=target, reading=reading, progress=progress)
    findings = sorted([*comparison.findings, *orphans.findings], key=lambda one: (one.id, one.subject))
    return VerificationReport(
        target=target,
        apps=scope.app_labels,
        expected={kind: comparison.expected[kind] for kind in scope.kinds},
        found={kind: comparison.found[kind] for kind in scope.kinds},
        keys=tuple(matching),
        not_compared=scope.not_compared,
        counted_keys=orphans.keys,
        uncounted_keys=len(scope.keys) - orphans.keys,
        orphan_rows=orphans.rows,
        placeholders=orphans.placeholders,
        findings=(*findings, *orphans.remarks),
    )


def _compare_keys(connection: Connection, scope: Scope, comparison: Comparison, pending: Pending) -> list[DeclaredKey]:
    there = read_keys(connection, scope.keys, own_tables=scope.tables)
    keys = compare_keys(
        scope.keys, there, own_tables=scope.tables, elsewhere=scope.elsewhere, is_pending=pending.makes_key
    )
    comparison.findings.extend(keys.findings)
    comparison.expected.update(foreign_keys=len(scope.keys))
    comparison.found.update(foreign_keys=len(keys.matching))
    return keys.matching


def _is_counted(orphans: Orphans, key: DeclaredKey, held: frozenset[DeclaredKey]) -> bool:
    """Whether the rows of a foreign key are counted.

    A key with a name is a ForeignKeyConstraint, which was added when the table already had rows; it is counted too.
    """
    if orphans is Orphans.OF_KEYS_NOT_HELD:
        return key.name is not None or key not in held
    return orphans is Orphans.OF_ALL_KEYS
