"""Refusals about tables, foreign keys and other objects that are missing or different."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.refusals.base import Refusal


class TableOfAnotherSchema(Refusal):
    """Raised where a table is missing, and the search_path finds one of the same name in another schema."""

    id = "tables.E009"
    message = (
        'The table {table} does not exist in the schema "{own}". The search_path finds another one in "{other}", which '
        "is not ours and was not touched."
    )
    hint = "Restore the table in its schema, or name the other schema in the model's db_table."


class TablesMissing(Refusal):
    """Raised where a table or column is missing at an end of a foreign key whose rows must be counted."""

    id = "tables.E001"
    message = "Missing: {missing}. Nothing was changed."
    hint = "Check that this is the right database and schema (--expect-database, --expect-schema)."


class BaselineIncomplete(Refusal):
    """Raised where only a part of the objects exists that a migration is to adopt."""

    id = "tables.E002"
    message = "The database has only a part of what {migration} adopts; {missing} is missing. Nothing was changed."
    hint = "Check that this is the right database, restore what is missing, or start from an empty database."


class DefinitionDiffers(Refusal):
    """Raised where an object has the declared name and another definition; it is never used instead."""

    id = "tables.E003"
    message = 'The {kind} "{name}" exists with another definition: declared {declared}, found {found}.'
    hint = "Rename or drop the existing one, then run the same command again. It was left unchanged."

    def __init__(self, *, kind: str, name: str, declared: Any, found: Any) -> None:
        super().__init__(kind=kind, name=name, declared=", ".join(declared), found=", ".join(found))


class KeyMissing(Refusal):
    """Raised where the foreign key to be validated does not exist."""

    message = "The foreign key {constraint} does not exist on {table}, so it cannot be validated."
    hint = "Unapply the migration that adds it, then apply it again."


class OrphansLeft(Refusal):
    """Raised where a foreign key cannot be validated, because some rows have no parent."""

    message = '{table}."{column}" holds {values} in {rows} with no row in {target}. The key stays NOT VALID.'
    hint = "python manage.py backfill_placeholders, then python manage.py migrate again: it goes on where it stopped."
