"""Wording of the findings about the server and the session; those that end the command are in `refusals`."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed


def standby(name: str) -> Finding:
    """The database is read-only; a check works, a migration does not."""
    message = "is a standby: it can be checked, but not migrated."
    return finding("target.W001", name, message, "Run migrate on the primary.")


def pooler(name: str, kind: str) -> Finding:
    """Two transactions of one session may reach two backends, so session locks and settings mean nothing."""
    hint = (
        "Connect to PostgreSQL itself, past the pooler (PGHOST, PGPORT), or to a pool in session mode with room for "
        "two connections."
    )
    return finding("target.E005", name, f"is reached through a pooler {kind}.", hint)


def open_transaction(name: str) -> Finding:
    """What is checked is not one snapshot, unless the transaction is REPEATABLE READ."""
    message = "is checked inside an open transaction, so the counts may include what others commit meanwhile."
    return finding("target.I001", name, message, "Run precheck by itself, before the transaction.")


def timeouts_on_the_role(role: str, timeouts: dict[str, str]) -> Finding:
    """A timeout that would end a long validation."""
    settings = ", ".join(f"{name} = {value}" for name, value in timeouts.items())
    message = f"has {settings}, but counting and validating a large table takes longer."
    hint = " ".join(f"ALTER ROLE {quote_identifier(role)} SET {name} = 0;" for name in timeouts)
    return finding("target.W002", role, message, hint)


def schema_passed_over(schema: str, *, role: str, used: str) -> Finding:
    """PostgreSQL reports nothing: it uses the next schema of the path."""
    message = (
        f"comes first in the search_path, but the role {quote_identifier(role)} may not use it. "
        f"PostgreSQL uses {used} instead."
    )
    grant = f"GRANT USAGE ON SCHEMA {quote_if_needed(schema)} TO {quote_identifier(role)};"
    hint = f"As its owner: {grant} or take it out of the search_path."
    return finding("target.W004", f"the schema {schema}", message, hint)


def deploy_running(name: str) -> Finding:
    """The deploy lock is held now."""
    message = "is in use by another migrate or backfill_placeholders now."
    return finding("target.W003", name, message, "Wait until it has finished, then run precheck again.")
