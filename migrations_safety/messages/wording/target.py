"""Wording of the findings about the server and the session; `refusals` holds those that end the command."""

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed

READ_ONLY = "default_transaction_read_only"


def standby(name: str) -> Finding:
    """The finding that the server is a standby, which can be checked but not migrated."""
    message = "is a standby: it can be checked, but not migrated."
    return finding("target.W001", name, message, "Run migrate on the primary.")


def pooler(name: str, kind: str) -> Finding:
    """The finding that the connection goes through a pooler where locks and settings of a session may not hold.

    `kind` is a value of `postgresql.pooler.Pooler`.
    """
    hint = (
        "Connect to PostgreSQL itself, past the pooler (PGHOST, PGPORT), or to a pool in session mode with room for "
        "two connections."
    )
    return finding("target.E005", name, f"is reached through a pooler {kind}.", hint)


def open_transaction(name: str) -> Finding:
    """The finding that a transaction is already open, so the check may not read one snapshot."""
    message = "is checked inside an open transaction, so the counts may include what others commit meanwhile."
    return finding("target.I001", name, message, "Run precheck by itself, before the transaction.")


def timeouts_on_the_role(role: str, timeouts: dict[str, str]) -> Finding:
    """The finding that the role has a timeout that would end a long validation."""
    settings = ", ".join(f"{name} = {value}" for name, value in timeouts.items())
    message = f"has {settings}, but counting and validating a large table takes longer."
    hint = " ".join(f"ALTER ROLE {quote_identifier(role)} SET {name} = 0;" for name in timeouts)
    return finding("target.W002", role, message, hint)


def schema_passed_over(schema: str, *, role: str, used: str) -> Finding:
    """The finding that the role may not use a schema of the search_path, which PostgreSQL skips silently."""
    message = (
        f"comes first in the search_path, but the role {quote_identifier(role)} may not use it. "
        f"PostgreSQL uses {used} instead."
    )
    grant = f"GRANT USAGE ON SCHEMA {quote_if_needed(schema)} TO {quote_identifier(role)};"
    hint = f"As its owner: {grant} or take it out of the search_path."
    return finding("target.W004", f"the schema {schema}", message, hint)


def read_only(name: str, *, role: str, source: str) -> Finding:
    """The finding that new sessions of the role cannot write, although the server is no standby.

    `source` is the column of that name in pg_settings: where the setting is made.
    """
    message = f"is no standby, but new sessions of the role {quote_identifier(role)} are read-only ({READ_ONLY} = on)."
    return finding("target.E011", name, message, _to_write_again(name, quote_identifier(role), source))


def _to_write_again(name: str, role: str, source: str) -> str:
    """Return the next command to type; it needs a session that may write, because ALTER is refused in the others."""
    owner = {
        "user": f"ROLE {role}",
        "database": f"DATABASE {quote_identifier(name)}",
        "database user": f"ROLE {role} IN DATABASE {quote_identifier(name)}",
        "global": "ROLE ALL",
    }.get(source)
    if owner:
        return f"If it may be written: SET {READ_ONLY} = off; ALTER {owner} RESET {READ_ONLY};"
    if source == "client":
        return f"Take {READ_ONLY} out of the connection's options (DATABASES, DATABASE_URL or PGOPTIONS)."
    if source == "session":
        return f"Where the project's code sets it after connecting: SET {READ_ONLY} = off;"
    return f"In the server's configuration: {READ_ONLY} = off, then SELECT pg_reload_conf();"


def deploy_running(name: str) -> Finding:
    """The finding that another session holds the lock of `migrate` and `backfill_placeholders` now."""
    message = "is in use by another migrate or backfill_placeholders now."
    return finding("target.W003", name, message, "Wait until it has finished, then run precheck again.")


def coordinator(name: str, *, version: str, workers: int, schema: str, is_distributed: bool) -> Finding:
    """The finding that the database is a coordinator of Citus, and whether its schema is a distributed one."""
    kind = "a distributed schema" if is_distributed else "no distributed schema"
    cluster = f"a coordinator of Citus {version} with {pluralize(workers, 'worker')}"
    message = f"is {cluster}. The schema {quote_if_needed(schema)} is {kind}."
    hint = "Sizes, traffic and locks of tables on a worker were not looked at. Look at them on the worker itself."
    if not is_distributed:
        hint = "The tables of this schema are on the coordinator itself, as on any other server."
    return finding("target.I004", name, message, hint)


def spread_table(table: str, *, column: str | None) -> Finding:
    """The finding that Citus spreads a table over its nodes: by a column, or whole to each node where it is None."""
    if column is None:
        message = "is a reference table of Citus. Reference tables are not supported yet: each node has a copy."
    else:
        message = (
            f"is distributed by {quote_if_needed(column)}. Distributed tables are not supported yet: each of their "
            f"keys must contain {quote_if_needed(column)}."
        )
    hint = f"Undo it (SELECT undistribute_table('{quote_if_needed(table)}');), or apply the migration by hand."
    return finding("target.E012", table, message, hint)


def made_from_migrations(name: str, *, revision: str, earlier: int) -> Finding:
    """The finding that the database was made from the migrations before a revision, and holds no rows of anybody."""
    message = (
        f"was made from the {pluralize(earlier, 'migration')} before {revision}. "
        "Rows, sizes, traffic and running statements of a real database were not looked at."
    )
    hint = "Before migrate, run precheck on the real database, or give this one its sizes with --statistics FILE."
    return finding("target.I002", name, message, hint)


def passed_over(migration: str, *, what: str, reason: str) -> Finding:
    """The finding that an operation of an earlier migration failed when the database was made from the migrations."""
    subject = migration or "all migrations"
    message = f"was applied without its {what}, which failed on an empty PostgreSQL ({reason.rstrip('.')})."
    hint = "If later migrations need what it makes, run precheck on a database that has these migrations."
    return finding("target.I003", subject, message, hint, migration=migration)
