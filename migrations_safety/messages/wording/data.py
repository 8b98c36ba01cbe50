"""Wording of the findings about rows that a plan demands something of: counts of rows, never a value."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize

FILL_FIRST = (
    "Give them a value first: a RunPython in batches in an earlier migration with atomic = False, then this migration."
)
IN_TWO_STEPS = (
    "Correct them first. Until then: AddConstraintNotValid in this migration, ValidateConstraint in a later one."
)
ANOTHER_COLUMN = (
    "Correct them first, or add a second column, fill it in batches, and drop this one in a later release "
    "(SeparateDatabaseAndState)."
)


def nulls(subject: str, *, rows: int, migration: str) -> Finding:
    """The finding that rows have no value in a column that becomes NOT NULL."""
    message = f"is NULL in {pluralize(rows, 'row')}, and {migration} makes it NOT NULL, so the migration would fail."
    return finding("data.E001", subject, message, FILL_FIRST, migration=migration, rows=rows)


def no_default(subject: str, *, rows: int, migration: str) -> Finding:
    """The finding that a NOT NULL column is added, and rows that are there get no value."""
    message = (
        f"is added by {migration} as NOT NULL without a default, so the migration would fail: its table has "
        f"{pluralize(rows, 'row')}."
    )
    hint = "Give it a db_default (or a default). Or add it with null=True, fill it in batches, then make it NOT NULL."
    return finding("data.E012", subject, message, hint, migration=migration, rows=rows)


def duplicates(subject: str, *, groups: int, rows: int, migration: str, name: str) -> Finding:
    """The finding that rows are equal where a unique constraint or index is made."""
    message = (
        f"has {pluralize(groups, 'group')} of duplicates ({pluralize(rows, 'row')}), and {migration} makes it unique "
        f"({name}), so the migration would fail."
    )
    hint = "Merge or correct these rows first. A UniqueConstraint with a condition may leave out the rows of the past."
    return finding("data.E002", subject, message, hint, migration=migration, rows=rows)


def violations(subject: str, *, rows: int, migration: str, name: str) -> Finding:
    """The finding that rows violate a CHECK constraint."""
    message = f"has {pluralize(rows, 'row')} that violate the CHECK {name} of {migration}, so the migration would fail."
    return finding("data.E003", subject, message, IN_TWO_STEPS, migration=migration, rows=rows)


def excluded(subject: str, *, rows: int, migration: str, name: str) -> Finding:
    """The finding that rows exclude each other."""
    message = (
        f"has {pluralize(rows, 'row')} that exclude each other by {name} of {migration}, so the migration would fail."
    )
    hint = "Correct these rows first. An ExclusionConstraint with a condition may leave out the rows of the past."
    return finding("data.E004", subject, message, hint, migration=migration, rows=rows)


def orphans(subject: str, *, rows: int, target: str, migration: str) -> Finding:
    """The finding that rows refer to no parent, for a key that no model declares."""
    message = (
        f"has {pluralize(rows, 'row')} with no row in {target}, and {migration} adds or validates a foreign key, so "
        "the migration would fail."
    )
    hint = (
        f"Create the missing rows of {target}, or correct these references. Until then: AddConstraintNotValid in this "
        "migration, ValidateConstraint in a later one."
    )
    return finding("data.E005", subject, message, hint, migration=migration, rows=rows)


def too_long(subject: str, *, rows: int, migration: str, type: str) -> Finding:
    """The finding that values are longer than a shorter type."""
    message = f"is too long for {type} in {pluralize(rows, 'row')}, and {migration} makes it so, so it would fail."
    hint = "Shorten these values first, or choose a longer type: a TextField with a CHECK on its length fits any."
    return finding("data.E006", subject, message, hint, migration=migration, rows=rows)


def refused(subject: str, *, rows: str, by: str, migration: str) -> Finding:
    """The finding that values are refused; `rows` says in words how many, and `by` what refuses them."""
    message = f"has values in {rows} that {by} of {migration} cannot take, so the migration would fail."
    return finding("data.E007", subject, message, ANOTHER_COLUMN, migration=migration)


def label_in_use(subject: str, *, rows: int, migration: str, type: str) -> Finding:
    """The finding that rows hold labels which an enum then lacks."""
    message = (
        f"holds labels that {type} lacks in {pluralize(rows, 'row')}, and {migration} gives it that type, so the "
        "migration would fail."
    )
    hint = "Give these rows another label first, in batches, in an earlier migration."
    return finding("data.E008", subject, message, hint, migration=migration, rows=rows)


def table_dropped(table: str, *, rows: int, dump: str, migration: str, again: str) -> Finding:
    """The finding that the plan drops a table with rows; `dump` is its name for `pg_dump --table`."""
    message = f"holds {pluralize(rows, 'row')}, and {migration} drops it{again}."
    return finding("data.E009", table, message, _keep(dump), migration=migration, rows=rows)


def column_dropped(subject: str, *, rows: int, dump: str, migration: str, again: str) -> Finding:
    """The finding that the plan drops a column with values; `dump` is its table for `pg_dump --table`."""
    message = f"holds values in {pluralize(rows, 'row')}, and {migration} drops it{again}."
    return finding("data.E010", subject, message, _keep(dump), migration=migration, rows=rows)


def values_cut(subject: str, *, rows: int, dump: str, migration: str, type: str) -> Finding:
    """The finding that a new type keeps only a part of values."""
    message = f"is cut or rounded in {pluralize(rows, 'row')} when {migration} makes it {type}."
    return finding("data.E011", subject, message, _keep(dump), migration=migration, rows=rows)


def may_be_corrected(subject: str, *, rows: int, wrong: str, does: str, migration: str, code: str) -> Finding:
    """The finding that rows forbid a migration now, or would be lost, but the plan writes them before.

    `wrong` says in words what is wrong with the rows, and `does` what the migration does.
    """
    message = (
        f"has {pluralize(rows, 'row')} {wrong}, and {migration} {does}. Judged without the code of {code}, which runs "
        "before and may change that."
    )
    hint = f"Migrate up to the last of these ({code}), then run precheck again: it counts what is left."
    return finding("data.W001", subject, message, hint, migration=migration, rows=rows)


def not_judged(subject: str, *, what: str, migration: str, reason: str) -> Finding:
    """The finding that rows were not judged; `what` names the demand, and `reason` says why."""
    message = f"was not judged for {what} of {migration}: {reason}."
    return finding("data.W002", subject, message, "Try the migration on a copy of the database.", migration=migration)


def may_be_changed(subject: str, *, what: str, migration: str, code: str) -> Finding:
    """The finding that no row forbids a migration now, but SQL of the plan writes the rows before."""
    message = f"has no row now that forbids {what} of {migration}. Judged without the SQL of {code}, which writes rows."
    return finding("data.W003", subject, message, f"Read the SQL of {code}.", migration=migration)


def _keep(dump: str) -> str:
    """Return the hint; `dump` is the name of the table for `pg_dump --table`."""
    return f"Keep them first: pg_dump --table '{dump}'. To drop it in a later release: SeparateDatabaseAndState."
