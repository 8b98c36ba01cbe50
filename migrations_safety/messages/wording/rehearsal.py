"""Wording of the findings about a deploy that was run on a copy of the database."""

from collections.abc import Sequence

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import listed, pluralize

AGAIN = "run the same rehearse command again"
"""With its options: without --keys-only or --scratch-url the copy would be another one."""
REAL_ROWS = "rehearse on the real rows inside of the hospital, without --keys-only and without that --scratch-url"


def step_failed(name: str, *, command: str, said: str) -> Finding:
    """The finding that a command of the deploy could not finish."""
    why = f" ({said})" if said else ""
    hint = f"Repair the cause, then {AGAIN}. With --keep the copy stays, and {command} can be tried there."
    return finding("rehearsal.E001", f"the step {name}", f"failed on the copy{why}.", hint)


def step_refused(name: str, *, command: str, ids: Sequence[str]) -> Finding:
    """The finding that a command of the deploy refused to go on."""
    why = f": {listed(ids)}" if ids else ""
    return finding(
        "rehearsal.E002", f"the step {name}", f"was refused on the copy{why}.",
        f"Look at the findings on the database: {command}. Follow their hints, then {AGAIN}.",
    )  # fmt: skip


def rows_differ(table: str) -> Finding:
    """The finding that a table does not have its rows from before after the rollback."""
    return finding(
        "rehearsal.E003", f"the table {table}", "does not have the rows from before after deploy and rollback.",
        "Do not count on this rollback. Have a backup that was restored: python manage.py backup_database.",
    )  # fmt: skip


def writes_failed(table: str, *, writes: int, codes: Sequence[str]) -> Finding:
    """The finding that writes of the application failed beside the deploy."""
    return finding(
        "rehearsal.E007", f"the table {table}",
        f"refused {pluralize(writes, 'write')} beside the deploy (SQLSTATE {listed(codes)}).",
        f"Change the migration so that the running release can go on writing, then {AGAIN}.",
    )  # fmt: skip


def over_limit(what: str, *, found: str, limit: str, option: str) -> Finding:
    """The finding that the deploy took more than a limit allows."""
    return finding(
        "rehearsal.E004", f"the {what}", f"is {found}; the limit is {limit}.",
        f"Change the migration, or {AGAIN} with a limit that was agreed on: {option}.",
    )  # fmt: skip


def schema_differs() -> Finding:
    """The finding that the definitions after the rollback are not those from before."""
    return finding(
        "rehearsal.E005", "the schema", "is not as before after deploy and rollback.",
        f"To compare the definitions of the copy with those of the database, {AGAIN} with --keep.",
    )  # fmt: skip


def way_back_failed(name: str, *, said: str) -> Finding:
    """The finding that the rollback could not finish."""
    why = f" ({said})" if said else ""
    return finding(
        "rehearsal.E006", f"the step {name}", f"failed on the copy{why}.",
        f"Repair the reverse operations of the migration, then {AGAIN}.",
    )  # fmt: skip


def not_restored(entry: str) -> Finding:
    """The finding that an object could not be made on the copy."""
    return finding(
        "rehearsal.W001", f"the object {entry}", "could not be made on the copy.",
        "See what keeps it from being made: python manage.py backup_database --output FOLDER --restore-test.",
    )  # fmt: skip


def rows_missing(table: str) -> Finding:
    """The finding that the rows of a table could not be restored."""
    return finding(
        "rehearsal.E021", f"the table {table}", "lacks its rows on the copy: they could not be restored.",
        "See what refuses them: python manage.py backup_database --output FOLDER --restore-test.",
    )  # fmt: skip


def shared_object_changed(name: str) -> Finding:
    """The finding that something changed that the copy shares with other databases."""
    return finding(
        "rehearsal.E020", f"the {name}", "changed on the copy's server while the deploy ran there.",
        f"See what it is now, then {AGAIN}, on a server of its own: --scratch-url URL.",
    )  # fmt: skip


def way_is_open(way: str) -> Finding:
    """The finding that code of a migration could reach the database itself."""
    return finding(
        "rehearsal.W020", "the database", f"is not out of reach of the code of migrations: {way}.",
        f"Read the code of the migrations, or close this way and {AGAIN}.",
    )  # fmt: skip


def other_version(*, copy: str, server: str) -> Finding:
    """The finding that the copy has another major version."""
    return finding(
        "rehearsal.W002", "the copy", f"is on PostgreSQL {copy}, and the database on {server}.",
        f"To rehearse on the same version, {AGAIN} with --scratch-url URL.",
    )  # fmt: skip


def way_back_refused(name: str, *, command: str) -> Finding:
    """The finding that the rollback is refused after the deploy."""
    return finding(
        "rehearsal.W003", f"the step {name}", "is refused after this deploy; it was run on the copy without its check.",
        f"See after the deploy what would be lost: {command} --dry-run.",
    )  # fmt: skip


def verified_early(name: str, *, ids: Sequence[str], pending: int) -> Finding:
    """The finding that the schema was verified while other migrations stay pending."""
    return finding(
        "rehearsal.W005", f"the step {name}",
        f"found {listed(ids)} on the copy, and {pluralize(pending, 'migration')} of the project would stay pending.",
        "Rehearse all pending migrations: python manage.py rehearse",
    )  # fmt: skip


def nobody_wrote() -> Finding:
    """The finding that the wait of writes was not measured."""
    return finding(
        "rehearsal.W004", "the wait of writes", "was not measured: nobody wrote while the deploy ran.",
        f"To let sessions write, {AGAIN} with --writers 2.",
    )  # fmt: skip


def left_out(words: str) -> Finding:
    """The finding that an object was left out of the copy."""
    name, _, why = words.partition(": ")
    return finding("rehearsal.I001", f"the object {name}", f"was left out of the copy: {why}.",
                   "Nothing to do. What needs it was not rehearsed.")  # fmt: skip


def not_kept(words: str) -> Finding:
    """The finding that something is not true of the rows of the copy as it is of those of the original."""
    subject, _, rest = words.partition(": ")
    return finding(
        "rehearsal.W010", subject, f"differs on the copy with made-up rows: {rest}.",
        f"If a migration depends on it, {REAL_ROWS}.",
    )  # fmt: skip


def constraint_left_out(name: str) -> Finding:
    """The finding that no made-up row fulfils a CHECK."""
    return finding(
        "rehearsal.W011", f"the {name}", "was left out of the copy: no made-up row fulfils it.",
        f"If a migration changes it, {REAL_ROWS}.",
    )  # fmt: skip


def rows_not_made(table: str) -> Finding:
    """The finding that a table is empty on the copy."""
    return finding(
        "rehearsal.W012", f"the table {table}", "is empty on the copy: its rows could not be made up.",
        f"If a migration reads or changes it, {REAL_ROWS}.",
    )  # fmt: skip


def demands_unknown(reason: str) -> Finding:
    """The finding that it is not known what the plan demands of rows."""
    return finding(
        "rehearsal.W013", "the made-up rows",
        f"may differ in what the plan demands of rows, which is not known: {reason}.",
        "See why: python manage.py precheck.",
    )  # fmt: skip


def made_up() -> Finding:
    """The finding that no value of a row was copied."""
    return finding("rehearsal.I010", "the rows of the copy", "were made up, and their keys replaced.",
                   "Nothing to do. Code that reads values was rehearsed on others.")  # fmt: skip
