"""Wording of the findings about what the referencing columns hold: counts and classes, never a value."""

import shlex

from migrations_safety.messages.class_reasons import reason_of
from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.sql.identifiers import quote_identifier

OF_THE_CATALOG = ("references.W003", "references.W004", "references.W006", "references.W008")
"""These come from the catalog or the plan, not from counting: each check sees them anew."""
NOT_KNOWN = ("references.E005", "references.W006", "references.W007", "references.W008")
"""These say that a reference may or may not be covered."""


def orphans(subject: str, *, values: int, rows: int, target: str, hint: str | None) -> Finding:
    """References to parents that do not exist, of classes that may become placeholders; `hint` says how to make them.

    It is None where no app has registered what a placeholder of that table is.
    """
    hint = hint or f"Create the missing rows of {target}, or correct these references."
    message = f"holds {pluralize(values, 'value')} in {pluralize(rows, 'row')} with no row in {target}."
    return finding("references.E001", subject, message, hint)


def refused_class(
    subject: str,
    *,
    identifier_class: str,
    values: int,
    rows: int,
    nullify: str | None,
    pattern_setting: str | None = None,
) -> Finding:
    """Orphans that must not become placeholders.

    `nullify` is the table, where that would let go of nothing better; `pattern_setting` names the house's own ids.
    """
    figures = f"{pluralize(values, 'value')} (class {identifier_class}) in {pluralize(rows, 'row')}"
    message = f"holds {figures}. {reason_of(identifier_class, values=values)}"
    hint = "Correct these rows in the application; a person who knows them confirms each."
    if pattern_setting:
        hint += f" If they are ids of a format of your own: set {pattern_setting} to it, then run precheck again."
    if nullify:
        table = shlex.quote(nullify)
        hint += f" Or set them to NULL: python manage.py backfill_placeholders --nullify {table} (old values are kept)."
    return finding("references.E002", subject, message, hint)


def spellings_of_one(target: str, *, identifiers: int, spelled_otherwise: int) -> Finding:
    """The same UUID in two spellings: two parents to the key, one person to people.

    The spelling to keep is the parent's; `spelled_otherwise` of them have a parent that is not in the canonical one.
    """
    message = f"is referenced by the ids of {pluralize(identifiers, 'person', 'people')} in more than one spelling."
    hint = "Rewrite the other spellings in the referencing tables to the canonical one (lower case, hyphens)."
    if spelled_otherwise:
        hint = f"Rewrite the other spellings in the referencing tables to the one that the id has in {target}."
        if spelled_otherwise < identifiers:
            hint += " If it has no row there, use the canonical one (lower case, hyphens)."
    return finding("references.E003", target, message, hint)


def warned_class(subject: str, *, identifier_class: str, values: int) -> Finding:
    """Orphans that may become placeholders but are worth a look."""
    figures = f"{pluralize(values, 'value')} (class {identifier_class})"
    message = f"holds {figures} with no parent. {reason_of(identifier_class, values=values)}"
    return finding("references.W001", subject, message, "Ask the application's developers where these ids come from.")


def case_variants(target: str, *, identifiers: int) -> Finding:
    """Ids that differ in nothing but upper and lower case."""
    message = f"is referenced by {identifiers:,} ids that differ from another only in upper and lower case."
    return finding("references.W002", target, message, "Find out first whether they are one person.")


def without_index(subject: str, *, index_on: str, column: str, target: str) -> Finding:
    """Every delete in the parent scans the whole table."""
    message = f"has no index, so each delete or change of an id in {target} reads the whole table."
    hint = f"CREATE INDEX CONCURRENTLY ON {index_on} ({quote_identifier(column)});"
    return finding("references.W003", subject, message, hint)


def no_key_declared(subject: str, *, type: str) -> Finding:
    """A column that looks like a reference in a table that no key covers."""
    message = f"({type}) is named like a reference, but no key is declared for it. It was not counted."
    hint = "Declare a ForeignKeyConstraint for it, or leave it out on purpose."
    return finding("references.W004", subject, message, hint)


def one_value_in_most_rows(subject: str, *, rows: int, total: int) -> Finding:
    """A hidden sentinel: one id with far more rows than a patient has."""
    message = f'holds one value in {rows:,} of {total:,} rows. It may mean "no patient".'
    hint = "python manage.py precheck --show-ids shows the value on your terminal."
    return finding("references.W005", subject, message, hint)


def not_looked_at(subject: str, *, target: str, reason: str) -> Finding:
    """A key is added, and the values that it has to hold for are not known."""
    message = f"gets a foreign key to {target}, but its future values were not checked: {reason}."
    hint = "python manage.py precheck counts what exists. Read in the migration what the plan itself writes."
    return finding("references.W006", subject, message, hint)


def may_be_corrected(subject: str, *, values: int, rows: int, target: str, code: str) -> Finding:
    """Orphans of now, and code before the key that may be about them."""
    figures = f"{pluralize(values, 'value')} in {pluralize(rows, 'row')}"
    message = f"holds {figures} with no row in {target} now. Whether the code of {code} corrects them is unknown."
    hint = f"Migrate up to the last of these ({code}), then run precheck again: it counts what is left."
    return finding("references.W007", subject, message, hint)


def may_be_changed(subject: str, *, target: str, code: str) -> Finding:
    """No orphans now, and code before the key that may make some."""
    message = (
        f"has a row in {target} for each of its values now. "
        f"Whether that is still so after the code of {code} is unknown."
    )
    hint = f"Read what the code of {code} does to these rows and to those of {target}."
    return finding("references.W008", subject, message, hint)


def not_counted(database: str, *, references: int) -> Finding:
    """An approximate look; the gate of `migrate` counts in any case."""
    message = (
        f"has {pluralize(references, 'reference')} that were not counted: --approximate reads only statistics and a "
        "few index entries. That proves nothing."
    )
    return finding("references.E005", database, message, "python manage.py precheck counts them.")
