"""Wording of the findings about tables and keys that exist, or do not."""

import re
from collections.abc import Sequence

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.sql.identifiers import qualify_if_needed, quote_identifier

LEFT_BY_REINDEX = re.compile(r"_cc(new|old)\d*$")
"""Names of PostgreSQL's own for the second index of a REINDEX CONCURRENTLY; the index that is wanted is another."""


def exists_already(table: str, *, migration: str) -> Finding:
    """A table that a pending migration creates exists."""
    app, _, name = migration.partition(".")
    message = f"exists already, but {migration}, which creates it, is not recorded as applied."
    hint = (
        f"If that migration's own SQL created it: python manage.py migrate {app} {name} --fake, then verify it. "
        "If not, rename it."
    )
    return finding("tables.E004", table, message, hint)


def enum_exists_already(name: str, *, schema: str, migration: str) -> Finding:
    """An enum that a pending migration creates exists with other labels."""
    rename = f"{qualify_if_needed(name, schema=schema)} RENAME TO {quote_identifier(name + '_old')}"
    message = f"is an enum that exists already, with other labels than {migration} declares."
    return finding("tables.E005", name, message, f"ALTER TYPE {rename}; then run precheck again.")


def key_differs(table: str, *, name: str, declared: str, found: str, alter: str, is_in_place: bool = False) -> Finding:
    """A constraint of the key's name has another definition; `alter` is the table as a statement names it.

    `is_in_place`: it is a key of the same column to the same parent, so that under another name it would act first.
    """
    rename = f"RENAME CONSTRAINT {quote_identifier(name)} TO {quote_identifier(name + '_old')};"
    drop = f"DROP CONSTRAINT {quote_identifier(name)}; then python manage.py migrate adds the declared one."
    message = f'has a constraint "{name}" with another definition: declared {declared}, found {found}.'
    return finding("tables.E003", table, message, f"ALTER TABLE {alter} {drop if is_in_place else rename}")


def parent_not_unique(subject: str, *, index_on: str, column: str, is_whole: bool) -> Finding:
    """A key can only reference a column that is unique; a partitioned table (not `is_whole`) takes no CONCURRENTLY."""
    how = "UNIQUE INDEX CONCURRENTLY" if is_whole else "UNIQUE INDEX"
    return _not_unique(subject, f"CREATE {how} ON {index_on} ({quote_identifier(column)});")


def _not_unique(subject: str, hint: str) -> Finding:
    message = "is to be referenced by a foreign key, but no unique index or primary key covers it alone."
    return finding("tables.E006", subject, message, hint)


def parent_never_unique(subject: str, *, index_on: str, columns: Sequence[str]) -> Finding:
    """A unique index of a partitioned table has the columns that it is partitioned by in it."""
    needed = ", ".join(map(quote_identifier, columns))
    hint = (
        f"{index_on} is partitioned by {needed}, and every unique index there has to contain that (0A000). "
        "So no key can reference this column alone. Declare the ForeignKey with db_constraint=False."
    )
    return _not_unique(subject, hint)


def none_of_the_baseline(database: str, *, migration: str, others: int) -> Finding:
    """The database is in use, but for something else."""
    message = f"has {pluralize(others, 'table')}, but none that {migration} adopts; migrate would create them all."
    return finding("tables.W002", database, message, "Is it the right database? --expect-database NAME refuses others.")


def dropped_with_rows(table: str, *, rows: int, dump: str) -> Finding:
    """The rollback drops the table; placeholders do not count, a backfill makes them again."""
    message = f"holds {pluralize(rows, 'row')} that the rollback would drop with the table."
    hint = f"Keep them first: pg_dump --table '{dump}'; then migrate … --skip-precheck drops them."
    return finding("tables.E007", table, message, hint)


def dropped_with_rows_of_others(table: str, *, rows: int, dump: str) -> Finding:
    """The same of an app that registered no schema: it is said, and left to who asked for it."""
    message = f"holds {pluralize(rows, 'row')} that the rollback drops with the table."
    return finding("tables.W003", table, message, f"Keep them first: pg_dump --table '{dump}'.")


def name_taken(name: str, *, found: str, migration: str) -> Finding:
    """Tables, views, indexes and sequences share their names."""
    message = f"exists already as {found}, but {migration} creates something of that name."
    return finding("tables.E008", name, message, "Rename or drop it if nothing needs it, then run precheck again.")


def key_under_another_name(subject: str, *, name: str, alter: str) -> Finding:
    """The same column already has a key to the same parent."""
    message = f'already has the key "{name}" to the same parent, and the older key\'s rule acts first.'
    hint = f"Compare the rules. To keep the declared one: ALTER TABLE {alter} DROP CONSTRAINT {quote_identifier(name)};"
    return finding("tables.W001", subject, message, hint)


def index_invalid(table: str, *, name: str, index: str) -> Finding:
    """A failed or killed build has left it; IF NOT EXISTS takes it for the index."""
    left = f"has the invalid index {quote_identifier(name)}, left by a build that failed"
    message = f"{left}. No query uses it, but every write maintains it."
    hint = f"DROP INDEX CONCURRENTLY {index};"
    if not LEFT_BY_REINDEX.search(name):
        hint += f" or, if it is wanted: REINDEX INDEX CONCURRENTLY {index};"
    return finding("tables.W010", table, message, hint)
