"""Refusals about tables, keys and enums that exist, or do not."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.refusals.base import Refusal


class TableOfAnotherSchema(Refusal):
    """The search_path leads to a table of the same name in another schema."""

    id = "tables.E009"
    message = (
        'The table {table} does not exist in the schema "{own}". The search_path finds another one in "{other}", which '
        "is not ours and was not touched."
    )
    hint = "Restore the table in its schema, or name the other schema in the model's db_table."


class TablesMissing(Refusal):
    """An end of a key that has to be counted does not exist."""

    id = "tables.E001"
    message = "Missing: {missing}. Nothing was changed."
    hint = "Check that this is the right database and schema (--expect-database, --expect-schema)."


class BaselineIncomplete(Refusal):
    """Only a part of a baseline exists."""

    id = "tables.E002"
    message = "The database has only a part of what {migration} adopts; {missing} is missing. Nothing was changed."
    hint = "Check that this is the right database, restore what is missing, or start from an empty database."


class DefinitionDiffers(Refusal):
    """Something of the declared name has another definition; it is never taken for ours."""

    id = "tables.E003"
    message = 'The {kind} "{name}" exists with another definition: declared {declared}, found {found}.'
    hint = "Rename or drop the existing one, then run the same command again. It was left unchanged."

    def __init__(self, *, kind: str, name: str, declared: Any, found: Any) -> None:
        super().__init__(kind=kind, name=name, declared=", ".join(declared), found=", ".join(found))


class KeyMissing(Refusal):
    """The key to validate does not exist."""

    message = "The foreign key {constraint} does not exist on {table}, so it cannot be validated."
    hint = "Unapply the migration that adds it, then apply it again."


class OrphansLeft(Refusal):
    """The key cannot be validated over orphans."""

    message = '{table}."{column}" holds {values} in {rows} with no row in {target}. The key stays NOT VALID.'
    hint = "python manage.py backfill_placeholders, then python manage.py migrate again: it goes on where it stopped."
