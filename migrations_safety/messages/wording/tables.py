"""Wording of the findings about tables, names and foreign keys that exist already or are missing."""

import re
from collections.abc import Sequence

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.sql.identifiers import qualify_if_needed, quote_identifier

LEFT_BY_REINDEX = re.compile(r"_cc(new|old)\d*$")
"""Matches the names that REINDEX CONCURRENTLY gives to its temporary indexes, which nobody wants to keep."""


def exists_already(table: str, *, migration: str) -> Finding:
    """The finding that a table exists already that a pending migration creates."""
    app, _, name = migration.partition(".")
    message = f"exists already, but {migration}, which creates it, is not recorded as applied."
    hint = (
        f"If that migration's own SQL created it: python manage.py migrate {app} {name} --fake, then verify it. "
        "If not, rename it."
    )
    return finding("tables.E004", table, message, hint)


def enum_exists_already(name: str, *, schema: str, migration: str) -> Finding:
    """The finding that an enum type that a pending migration creates exists already, with other labels."""
    rename = f"{qualify_if_needed(name, schema=schema)} RENAME TO {quote_identifier(name + '_old')}"
    message = f"is an enum that exists already, with other labels than {migration} declares."
    return finding("tables.E005", name, message, f"ALTER TYPE {rename}; then run precheck again.")


def key_differs(table: str, *, name: str, declared: str, found: str, alter: str, is_in_place: bool = False) -> Finding:
    """The finding that a constraint with the name of the foreign key has another definition.

    `alter` is the SQL name of the table. `is_in_place` is True for a foreign key of the same column to the same parent:
    it must be dropped and not renamed, because under another name its action would come first.
    """
    rename = f"RENAME CONSTRAINT {quote_identifier(name)} TO {quote_identifier(name + '_old')};"
    drop = f"DROP CONSTRAINT {quote_identifier(name)}; then python manage.py migrate adds the declared one."
    message = f'has a constraint "{name}" with another definition: declared {declared}, found {found}.'
    return finding("tables.E003", table, message, f"ALTER TABLE {alter} {drop if is_in_place else rename}")


def parent_not_unique(subject: str, *, index_on: str, column: str, is_whole: bool) -> Finding:
    """The finding that the parent column has no unique index, which a foreign key needs.

    `is_whole` is False for a partitioned table, on which no index can be built CONCURRENTLY.
    """
    how = "UNIQUE INDEX CONCURRENTLY" if is_whole else "UNIQUE INDEX"
    return _not_unique(subject, f"CREATE {how} ON {index_on} ({quote_identifier(column)});")


def _not_unique(subject: str, hint: str) -> Finding:
    message = "is to be referenced by a foreign key, but no unique index or primary key covers it alone."
    return finding("tables.E006", subject, message, hint)


def parent_never_unique(subject: str, *, index_on: str, columns: Sequence[str]) -> Finding:
    """The finding that the parent column cannot be unique alone.

    A unique index of a partitioned table must contain the columns by which the table is partitioned (`columns`).
    """
    needed = ", ".join(map(quote_identifier, columns))
    hint = (
        f"{index_on} is partitioned by {needed}, and every unique index there has to contain that (0A000). "
        "So no key can reference this column alone. Declare the ForeignKey with db_constraint=False."
    )
    return _not_unique(subject, hint)


def none_of_the_baseline(database: str, *, migration: str, others: int) -> Finding:
    """The finding that the database has tables, but none that the migration adopts."""
    message = f"has {pluralize(others, 'table')}, but none that {migration} adopts; migrate would create them all."
    return finding("tables.W002", database, message, "Is it the right database? --expect-database NAME refuses others.")


def dropped_with_rows(table: str, *, rows: int, dump: str) -> Finding:
    """The finding that the rollback drops a table with rows, in an app that registered its schema.

    Placeholders do not count, because a backfill can create them again.
    """
    message = f"holds {pluralize(rows, 'row')} that the rollback would drop with the table."
    hint = f"Keep them first: pg_dump --table '{dump}'; then migrate … --skip-precheck drops them."
    return finding("tables.E007", table, message, hint)


def dropped_with_rows_of_others(table: str, *, rows: int, dump: str) -> Finding:
    """The finding that the rollback drops a table with rows, in an app that registered no schema; it only warns."""
    message = f"holds {pluralize(rows, 'row')} that the rollback drops with the table."
    return finding("tables.W003", table, message, f"Keep them first: pg_dump --table '{dump}'.")


def name_taken(name: str, *, found: str, migration: str) -> Finding:
    """The finding that the name of a new object is taken; tables, views, indexes and sequences share one namespace."""
    message = f"exists already as {found}, but {migration} creates something of that name."
    return finding("tables.E008", name, message, "Rename or drop it if nothing needs it, then run precheck again.")


def key_under_another_name(subject: str, *, name: str, alter: str) -> Finding:
    """The finding that the column already has a foreign key to the same parent, under another name."""
    message = f'already has the key "{name}" to the same parent, and the older key\'s rule acts first.'
    hint = f"Compare the rules. To keep the declared one: ALTER TABLE {alter} DROP CONSTRAINT {quote_identifier(name)};"
    return finding("tables.W001", subject, message, hint)


def index_invalid(table: str, *, name: str, index: str) -> Finding:
    """The finding that a failed build has left an invalid index, which CREATE INDEX IF NOT EXISTS would keep."""
    left = f"has the invalid index {quote_identifier(name)}, left by a build that failed"
    message = f"{left}. No query uses it, but every write maintains it."
    hint = f"DROP INDEX CONCURRENTLY {index};"
    if not LEFT_BY_REINDEX.search(name):
        hint += f" or, if it is wanted: REINDEX INDEX CONCURRENTLY {index};"
    return finding("tables.W010", table, message, hint)


def constraint_not_valid(table: str, *, kind: str, name: str, statement: str) -> Finding:
    """The finding that an earlier deploy has left a constraint NOT VALID, which the plan does not validate."""
    left = f"has the {kind} constraint {quote_identifier(name)}, which is NOT VALID"
    message = f"{left}: older rows were never checked, and no pending migration does it."
    hint = f"ALTER TABLE {table} {statement}; or, in a migration: ValidateConstraint, ValidateForeignKey for our keys."
    return finding("tables.W011", table, message, hint)
