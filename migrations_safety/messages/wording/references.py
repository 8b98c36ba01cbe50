"""Wording of the findings about the values in foreign-key columns: counts and classes, never a value itself."""

import shlex

from migrations_safety.messages.class_reasons import reason_of
from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.sql.identifiers import quote_identifier

OF_THE_CATALOG = ("references.W003", "references.W004", "references.W006", "references.W008")
"""Ids of the findings that come from the catalog or the plan, not from counting."""
NOT_KNOWN = ("references.E005", "references.W006", "references.W007", "references.W008")
"""Ids of the findings which say that values may or may not have a parent."""


def orphans(subject: str, *, values: int, rows: int, target: str, hint: str | None) -> Finding:
    """The finding that values have no parent, of classes for which placeholders may be made.

    `hint` says how to make the placeholders; it is None where no app has registered a maker for the parent table.
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
    """The finding that values have no parent and must not become placeholders.

    `nullify` is the table for the option --nullify, None where setting the values to NULL is no advice.
    `pattern_setting` is the name of the setting for ids in a format of your own, None where the values cannot be such.
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
    """The finding that a UUID is there in several spellings, which a foreign key takes for several parents.

    `identifiers` is the number of such UUIDs; the parent table spells `spelled_otherwise` of them otherwise than
    canonically. The spelling in the parent table is the one to keep.
    """
    message = f"is referenced by the ids of {pluralize(identifiers, 'person', 'people')} in more than one spelling."
    hint = "Rewrite the other spellings in the referencing tables to the canonical one (lower case, hyphens)."
    if spelled_otherwise:
        hint = f"Rewrite the other spellings in the referencing tables to the one that the id has in {target}."
        if spelled_otherwise < identifiers:
            hint += " If it has no row there, use the canonical one (lower case, hyphens)."
    return finding("references.E003", target, message, hint)


def warned_class(subject: str, *, identifier_class: str, values: int) -> Finding:
    """The finding that values have no parent and may become placeholders, but should be looked at first."""
    figures = f"{pluralize(values, 'value')} (class {identifier_class})"
    message = f"holds {figures} with no parent. {reason_of(identifier_class, values=values)}"
    return finding("references.W001", subject, message, "Ask the application's developers where these ids come from.")


def case_variants(target: str, *, identifiers: int) -> Finding:
    """The finding that ids differ only in upper and lower case."""
    message = f"is referenced by {identifiers:,} ids that differ from another only in upper and lower case."
    return finding("references.W002", target, message, "Find out first whether they are one person.")


def without_index(subject: str, *, index_on: str, column: str, target: str) -> Finding:
    """The finding that a foreign-key column has no index, so each delete of a parent reads the whole table."""
    message = f"has no index, so each delete or change of an id in {target} reads the whole table."
    hint = f"CREATE INDEX CONCURRENTLY ON {index_on} ({quote_identifier(column)});"
    return finding("references.W003", subject, message, hint)


def no_key_declared(subject: str, *, type: str) -> Finding:
    """The finding that a column is named like a foreign-key column, but no foreign key is declared."""
    message = f"({type}) is named like a reference, but no key is declared for it. It was not counted."
    hint = "Declare a ForeignKeyConstraint for it, or leave it out on purpose."
    return finding("references.W004", subject, message, hint)


def one_value_in_most_rows(subject: str, *, rows: int, total: int) -> Finding:
    """The finding that one value stands in so many rows that it may mean "no patient"."""
    message = f'holds one value in {rows:,} of {total:,} rows. It may mean "no patient".'
    hint = "python manage.py precheck --show-ids shows the value on your terminal."
    return finding("references.W005", subject, message, hint)


def not_looked_at(subject: str, *, target: str, reason: str) -> Finding:
    """The finding that a foreign key will be added to values that could not be checked."""
    message = f"gets a foreign key to {target}, but its future values were not checked: {reason}."
    hint = "python manage.py precheck counts what exists. Read in the migration what the plan itself writes."
    return finding("references.W006", subject, message, hint)


def may_be_corrected(subject: str, *, values: int, rows: int, target: str, code: str) -> Finding:
    """The finding that values have no parent now, but earlier code of the plan may correct them."""
    figures = f"{pluralize(values, 'value')} in {pluralize(rows, 'row')}"
    message = f"holds {figures} with no row in {target} now. Whether the code of {code} corrects them is unknown."
    hint = f"Migrate up to the last of these ({code}), then run precheck again: it counts what is left."
    return finding("references.W007", subject, message, hint)


def may_be_changed(subject: str, *, target: str, code: str) -> Finding:
    """The finding that all values have a parent now, but earlier code of the plan may change that."""
    message = (
        f"has a row in {target} for each of its values now. "
        f"Whether that is still so after the code of {code} is unknown."
    )
    hint = f"Read what the code of {code} does to these rows and to those of {target}."
    return finding("references.W008", subject, message, hint)


def not_counted(database: str, *, references: int) -> Finding:
    """The finding that foreign-key columns were only estimated; the precheck of `migrate` always counts them."""
    message = (
        f"has {pluralize(references, 'reference')} that were not counted: --approximate reads only statistics and a "
        "few index entries. That proves nothing."
    )
    return finding("references.E005", database, message, "python manage.py precheck counts them.")
