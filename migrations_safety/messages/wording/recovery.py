"""Wording of the findings about the way back from a deploy."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize


def would_be_lost(table: str, *, column: str | None, rows: int) -> Finding:
    """The finding that the rollback would lose rows of a table, or the values of a column."""
    if column:
        message = f"holds values in {pluralize(rows, 'row')} that the rollback would lose with the column."
    else:
        message = f"holds {pluralize(rows, 'row')} that the rollback would lose with the table."
    hint = "Keep them elsewhere first, or leave the migration applied."
    return finding("recovery.E001", f'{table}."{column}"' if column else table, message, hint, rows=rows)


def reaches_another_app(app: str, *, migrations: str) -> Finding:
    """The finding that migrations of another app are unapplied as well."""
    message = f"is rolled back too: {migrations} depends on what is unapplied."
    return finding("recovery.W001", f"the app {app}", message, "Read what these migrations have made.")


def stay_nullified(table: str, *, rows: int) -> Finding:
    """The finding that nullified references of a table were not restored."""
    message = f"has {pluralize(rows, 'reference')} that stay NULL; the earlier values are kept."
    hint = "python manage.py backfill_placeholders --restore-nullified"
    return finding("recovery.I001", table, message, hint, rows=rows)
