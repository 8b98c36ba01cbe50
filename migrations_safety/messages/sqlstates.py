"""Says what the error codes of PostgreSQL mean in a migration, and what helps.

In a hint, `{migration}` stands for the running migration, as arguments of `migrate`: `app name`.
"""

RUN_AGAIN = "Run the same command again; what was done is kept."
COMPARE = (
    "Compare what exists (\\d in psql) with what the migration creates. If all of it exists as declared, "
    "python manage.py migrate {migration} --fake records it. If an earlier operation of the migration created it, "
    "split the migration in two. Otherwise rename what exists."
)
MISSING = (
    "Check that this is the right database, and that earlier migrations created what this one needs (python manage.py "
    "precheck). If somebody dropped or renamed it by hand, put it back first."
)
ROWS = "Correct these rows in an earlier migration or by hand, then run the same command again."
WORDS = {
    "08P01": (
        "the other end of the connection does not speak PostgreSQL's protocol",
        "Connect to PostgreSQL itself, past any pooler or proxy (PGHOST, PGPORT), then run again.",
    ),
    "0A000": ("PostgreSQL does not support this", ""),
    "22001": ("a value is longer than its column", "Widen the column or shorten the values. " + ROWS),
    "22003": ("a number does not fit into its column", "Choose a wider type or change the numbers. " + ROWS),
    "22007": ("a value is not a date or time", ROWS),
    "22008": ("a date or time is out of range", ROWS),
    "22P02": (
        "a value does not have the form that its type needs",
        "Find the values that do not convert (in PostgreSQL 16 and newer: pg_input_is_valid(column::text, 'type')). "
        + ROWS,
    ),
    "23001": ("other rows still reference a row that would go", "Change or delete the rows that reference it first."),
    "23502": (
        "a value is missing in a column that is NOT NULL",
        "Fill the column first, or give it a default. " + ROWS,
    ),
    "23503": (
        "a key does not hold, because some references have no parent",
        "python manage.py precheck counts them. " + ROWS,
    ),
    "23505": (
        "a value that has to be unique occurs in several rows",
        "A query with GROUP BY and HAVING count(*) > 1 finds them. " + ROWS,
    ),
    "23514": ("some rows violate a CHECK constraint", ROWS),
    "23P01": ("some rows violate an exclusion constraint", ROWS),
    "25001": (
        "the statement cannot run inside a transaction",
        "Put it into a migration of its own with atomic = False.",
    ),
    "25006": (
        "the session is read-only, because the server is a standby or default_transaction_read_only is on",
        "On a standby, connect to the primary. Otherwise python manage.py precheck says where the setting is made.",
    ),
    "25P02": (
        "an earlier statement of the transaction had failed, but the code went on",
        "Wrap what may fail in transaction.atomic(), so that only this part is rolled back. Or let the error through.",
    ),
    "2BP01": (
        "other objects depend on it",
        "Drop or change the dependent objects first (usually views), in an earlier operation.",
    ),
    "3F000": ("a schema does not exist", "Create it first, or correct the search_path."),
    "40001": ("another transaction changed the same rows", RUN_AGAIN),
    "40P01": ("this transaction was cancelled to resolve a deadlock", RUN_AGAIN),
    "42501": ("the role may not do this", "Ask the owner for the privilege, or run as the owner."),
    "42601": ("the SQL has a syntax error", "Correct the SQL of the operation."),
    "42701": ("a column of that name exists already", COMPARE),
    "42703": ("a column does not exist", MISSING),
    "42704": ("a type, constraint, index or other object does not exist", MISSING),
    "42710": ("an object of that name exists already", COMPARE),
    "42804": ("two types do not fit together", "Give both sides the same type, or convert with USING."),
    "42883": (
        "no function or operator exists for these types",
        "Convert the types, or CREATE EXTENSION for the one that has it, in an earlier operation.",
    ),
    "42P01": ("a table does not exist", "Check that this is the right database, and check its search_path."),
    "42P07": ("a table or index of that name exists already", COMPARE),
    "42P16": ("the definition of the table does not allow this", ""),
    "53100": ("the server's disk is full", "Free space on the server, then run again."),
    "53200": ("the server is out of memory", "Check work_mem and max_locks_per_transaction, then run again."),
    "53300": ("the server accepts no more connections", "Close some, or raise the limit, then run again."),
    "55000": ("an object is not in the state that this needs", ""),
    "55006": (
        "this transaction still uses the table, because rows that it wrote have to be checked",
        "Split the work into two migrations: the first writes rows, the second changes the table.",
    ),
    "55P03": ("the lock timeout passed before a lock was free", RUN_AGAIN),
    "55P04": ("the transaction that added a label to an enum also used it", "Split the migration in two."),
    "57014": (
        "a timeout or an administrator cancelled the statement",
        "Check statement_timeout of the role, then run again.",
    ),
    "57P01": ("an administrator ended the session", RUN_AGAIN),
    "57P03": ("the server accepts no connections now", "Wait until it has started, then run again."),
}
"""For each SQLSTATE (PostgreSQL documentation, appendix A) a clause that says what it means, and a hint."""


def meaning(code: str) -> str:
    """Return an SQLSTATE with what it means, for example `42P01 (a table does not exist)`."""
    words, _ = WORDS.get(code, ("", ""))
    return f"{code} ({words})" if words else code


def advice(code: str, *, migration: str) -> str:
    """Return the hint of an SQLSTATE for a migration, which is named as in the arguments of `migrate`."""
    _, hint = WORDS.get(code, ("", ""))
    return hint.replace("{migration}", migration)
