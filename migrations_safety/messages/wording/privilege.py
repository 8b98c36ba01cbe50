"""Wording of the findings about privileges that the role lacks."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed


def not_owner(table: str, *, role: str, owner: str, give: str | None = None) -> Finding:
    """The finding that the role does not own a table that the plan alters.

    `give` is the statement that makes the role the owner of the table. It is given where the owner is a superuser,
    whose role is not granted to others: its members could do everything.
    """
    role, owner = quote_identifier(role), quote_identifier(owner)
    message = f"belongs to {owner}, so the role {role} may not alter it."
    hint = f"GRANT {owner} TO {role}; or run migrate as {owner}."
    if give:
        hint = f"Run migrate as {owner}, or give the table to a role that deploys, such as this one: {give}"
    return finding("privilege.E002", table, message, hint)


def may_not_reference(table: str, *, role: str, grant_on: str) -> Finding:
    """The finding that the role lacks REFERENCES on the parent table of a new foreign key."""
    message = f"gives the role {quote_identifier(role)} no right to reference it."
    hint = f"As its owner: GRANT REFERENCES ON {grant_on} TO {quote_identifier(role)};"
    return finding("privilege.E003", table, message, hint)


def may_not_create(schema: str, *, role: str) -> Finding:
    """The finding that the role lacks CREATE on the schema of new tables."""
    message = f"gives the role {quote_identifier(role)} no right to create tables in it."
    hint = f"As its owner: GRANT CREATE, USAGE ON SCHEMA {quote_if_needed(schema)} TO {quote_identifier(role)};"
    return finding("privilege.E004", f"the schema {schema}", message, hint)


def rows_hidden(table: str, *, role: str) -> Finding:
    """The finding that row-level security hides rows from the role, so that counts are incomplete."""
    message = f"hides rows from the role {quote_identifier(role)} by row-level security, so the counts are incomplete."
    hint = f"ALTER ROLE {quote_identifier(role)} BYPASSRLS; or run as a role that has it."
    return finding("privilege.E005", table, message, hint)


def row_security(table: str) -> Finding:
    """The finding that a table has row-level security, which does not apply to this role."""
    message = (
        "has row-level security for other roles. Another role might not see all rows, and its validation of a key "
        "would take 35 to 40 times as long."
    )
    return finding("privilege.W001", table, message, "Run migrate as this same role.")


def may_not_record(table: str, *, role: str, lacking: str, grants: str) -> Finding:
    """The finding that the role may not write to a table in which migrations or runs are recorded."""
    message = f"must be written, but the role {quote_identifier(role)} lacks {lacking}."
    return finding("privilege.E007", table, message, f"As its owner: {grants}")


def records_hidden(table: str, *, alter: str, role: str, rights: str) -> Finding:
    """The finding that row-level security applies to a table in which migrations or runs are recorded.

    Then applied migrations may look pending, and recording a migration may fail.
    """
    message = (
        f"has row-level security that may keep the role {quote_identifier(role)} from rows that it needs ({rights})."
    )
    bypass = f"ALTER ROLE {quote_identifier(role)} BYPASSRLS;"
    hint = f"{bypass} or as its owner: ALTER TABLE {alter} DISABLE ROW LEVEL SECURITY;"
    return finding("privilege.E008", table, message, hint)
