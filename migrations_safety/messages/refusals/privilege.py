"""Refusals about rights that the role lacks, and rows that it cannot see."""

from __future__ import annotations

from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.base import Refusal, sentences
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed


class MayNotUseSchema(Refusal):
    """Raised where the role lacks USAGE on the only existing schema of the search_path."""

    id = "privilege.E006"
    message = (
        'The role "{role}" may not use the schema {schema}, and no other schema of its search_path ({path}) exists. '
        "Nothing was checked."
    )

    def __init__(self, *, role: str, schema: str, path: str) -> None:
        super().__init__(role=role, schema=schema, path=path)
        self.hint = f"As its owner: GRANT USAGE ON SCHEMA {quote_if_needed(schema)} TO {quote_identifier(role)};"


class MayNotRead(Refusal):
    """Raised where the role lacks SELECT on a table."""

    id = "privilege.E001"
    message = 'The role "{role}" may not read {tables}. Nothing was checked.'

    def __init__(self, *, role: str, tables: list[str], grant_on: list[str]) -> None:
        super().__init__(role=role, tables=", ".join(tables))
        self.hint = f"As the tables' owner: GRANT SELECT ON {', '.join(grant_on)} TO {quote_identifier(role)};"


class MayNotRecord(Refusal):
    """Raised where the role may not record a run; the findings say which rights it lacks."""

    message = "{found} Nothing was changed."

    def __init__(self, found: list[Finding]) -> None:
        super().__init__(found=" ".join(f"{one.id}: {sentences(one)}" for one in found))
        self.hint = " ".join(one.hint for one in found)


class RowsHidden(Refusal):
    """Raised where row-level security hides rows from the role, so that counts would be wrong."""

    id = "privilege.E005"
    message = 'Row-level security hides rows of {tables} from the role "{role}". The result is unknown.'

    def __init__(self, *, role: str, tables: list[str]) -> None:
        super().__init__(role=role, tables=", ".join(tables))
        self.hint = f"ALTER ROLE {quote_identifier(role)} BYPASSRLS; or run as a role that has it."
