"""What PostgreSQL's error codes mean to somebody who migrates, and what helps.

In a hint `{migration}` is the migration at work, as the arguments of `migrate`.
"""

RUN_AGAIN = "Run the same command again; what was done is kept."
COMPARE = (
    "Compare what is there (\\d in psql) with what the migration makes. Where all of it is there as it should be: "
    "python manage.py migrate {migration} --fake records it. Where an operation before it made it: split the "
    "migration in two. Else rename what is there."
)
MISSING = (
    "Is this the right database, with all that the migrations before this one made (python manage.py precheck)? What "
    "somebody dropped or renamed by hand has to be put back first."
)
ROWS = "Correct these rows, in a migration before this one or by hand, then run the same command again."
WORDS = {
    "08P01": (
        "the connection spoke another protocol than PostgreSQL's",
        "Connect to PostgreSQL itself, past any pooler or proxy (PGHOST, PGPORT), then run again.",
    ),
    "0A000": ("PostgreSQL does not do this", ""),
    "22001": ("a value is longer than its column", "Widen the column, or shorten the values first: " + ROWS),
    "22003": ("a number does not fit into its column", "Choose a wider type, or: " + ROWS),
    "22007": ("a value is no date or time", ROWS),
    "22008": ("a date or time is out of range", ROWS),
    "22P02": (
        "a value is not written as its type wants it",
        "Find the values that do not convert (in PostgreSQL 16 and newer: pg_input_is_valid(column::text, 'type')). "
        + ROWS,
    ),
    "23001": ("rows still refer to a row that would go", "Move or remove the rows that refer to it first."),
    "23502": ("a value is missing where one has to be", "Fill the column first, or give it a default. " + ROWS),
    "23503": (
        "a key does not hold: rows refer to rows that are not there",
        "python manage.py precheck counts them. " + ROWS,
    ),
    "23505": (
        "the same value stands in several rows where it may stand in one",
        "A query with GROUP BY and HAVING count(*) > 1 finds them. " + ROWS,
    ),
    "23514": ("rows break a rule (CHECK)", ROWS),
    "23P01": ("rows exclude each other", ROWS),
    "25001": (
        "the statement cannot run inside a transaction",
        "Give it a migration of its own with atomic = False.",
    ),
    "25006": ("the database or transaction is read only", "Connect to the primary."),
    "25P02": (
        "an earlier statement of the transaction had failed and the code went on",
        "Wrap what may fail in transaction.atomic(), so that it alone is undone, or let the error through.",
    ),
    "2BP01": (
        "other objects depend on it",
        "Drop or change what depends on it first (views, as a rule), in an operation before this one.",
    ),
    "3F000": ("a schema is not there", "Make it first, or correct the search_path."),
    "40001": ("another transaction changed the same rows", RUN_AGAIN),
    "40P01": ("a deadlock was avoided by giving way", RUN_AGAIN),
    "42501": ("the role may not do this", "Ask the owner for the privilege, or run as the owner."),
    "42601": ("a mistake in the SQL", "Correct the SQL of the operation."),
    "42701": ("a column of that name is there already", COMPARE),
    "42703": ("a column is not there", MISSING),
    "42704": ("a type, constraint, index or other object is not there", MISSING),
    "42710": ("an object of that name is there already", COMPARE),
    "42804": ("two types do not fit together", "Give both ends the same type, or convert with USING."),
    "42883": (
        "there is no such function or operator for these types",
        "Convert the types, or CREATE EXTENSION what brings it, in an operation before this one.",
    ),
    "42P01": ("a table is not there", "Check that this is the right database, and its search_path."),
    "42P07": ("a table or index of that name is there already", COMPARE),
    "42P16": ("the definition of the table does not allow it", ""),
    "53100": ("the server's disk is full", "Free room on the server, then run again."),
    "53200": ("the server is out of memory", "Look at work_mem and max_locks_per_transaction, then run again."),
    "53300": ("the server takes no more connections", "Close some, or raise the limit, then run again."),
    "55000": ("an object is not in the state that this needs", ""),
    "55006": (
        "the table is in use by this very transaction, rows that it wrote are still to be checked",
        "Put what writes rows and what changes the table into two migrations, the rows first.",
    ),
    "55P03": ("a lock was not free in time", RUN_AGAIN),
    "55P04": ("a label of an enum was used in the transaction that added it", "Split the migration in two."),
    "57014": (
        "the statement was cancelled, by a timeout or by hand",
        "Look at statement_timeout of the role, then run again.",
    ),
    "57P01": ("the session was ended by an administrator", RUN_AGAIN),
    "57P03": ("the server does not take connections now", "Wait until it has started, then run again."),
}
"""SQLSTATE (PostgreSQL documentation, appendix A) to what it means and what helps."""
