"""Wording of the findings of diagnose: what a deploy that failed or was killed has left, and who is in the way."""

from collections.abc import Sequence

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import format_bytes, format_seconds, listed, pluralize
from migrations_safety.sql.identifiers import quote_identifier, quote_if_needed

AGAIN = "python manage.py migrate"
TERMINATE = "ask who it is; SELECT pg_terminate_backend({pid}); ends it and undoes its transaction."


def pending(migration: str) -> Finding:
    """The finding that a migration is not recorded as applied, and that nothing of it is there."""
    return finding("recovery.W023", migration, "is pending: nothing of it is recorded.", AGAIN, migration=migration)


def more_pending(number: int) -> Finding:
    """The finding that there are more pending migrations than are told one by one."""
    subject, verb = pluralize(number, "more migration"), "is" if number == 1 else "are"
    return finding("recovery.W022", subject, f"{verb} pending: nothing of them is recorded.", AGAIN)


def kept_instead(name: str, *, place: str, migration: str, number: int) -> Finding:
    """The finding that a table, column or type that a migration drops was kept."""
    message = f"was kept as {place} when {migration} dropped it."
    hint = f"python manage.py restore_dropped {number} puts it back."
    return finding("recovery.I042", name, message, hint)


def carrying_left(table: str, *, trigger: str, number: int, drop: str) -> Finding:
    """The finding that restore_dropped has left a trigger; `drop` ends one whose column is kept no more."""
    message = f"has the trigger {trigger}, with which a restore_dropped that was stopped carries each write over."
    return finding("recovery.W044", table, message, drop or f"python manage.py restore_dropped {number}")


def watching_left(table: str, *, trigger: str, drop: str) -> Finding:
    """The finding that a rollback has left a trigger."""
    message = f"has the trigger {trigger}, with which a rollback that was stopped notices each write."
    return finding("recovery.W045", table, message, f"The same rollback drops it at its end. Or: {drop}")


def applied_in_part(migration: str, *, steps: str, next: str) -> Finding:
    """The finding that a migration that is not atomic was stopped; `steps` says which operations are done."""
    message = f"is applied in part and not recorded ({steps})."
    return finding("recovery.E020", migration, message, next, migration=migration)


def not_recorded(migration: str, *, waits_for: Sequence[str]) -> Finding:
    """The finding that all that a migration makes is there; `waits_for` are those that have to be recorded before."""
    fake = f"python manage.py migrate {migration.replace('.', ' ', 1)} --fake"
    if waits_for:
        fake = f"{fake}, once {listed(waits_for)} is applied, which it would record, too"
    message = "is not recorded, but all that can be seen of it is in the database."
    return finding("recovery.E021", migration, message, f"If it is complete: {fake}", migration=migration)


def undone_in_part(migration: str, *, steps: str) -> Finding:
    """The finding that steps of a recorded migration are undone."""
    message = f"is recorded as applied, but steps of it are undone ({steps})."
    hint = "Finish the rollback that was stopped, or make what is missing: python manage.py sqlmigrate has the SQL."
    return finding("recovery.E022", migration, message, hint, migration=migration)


def recorded_but_missing(table: str, *, what: str, app: str) -> Finding:
    """The finding that something that recorded migrations make does not exist."""
    message = f"lacks {what}, which the recorded migrations of {app} make."
    return finding("recovery.E023", table, message, f"python manage.py verify_schema {app} has the statement.")


def file_gone(migration: str) -> Finding:
    """The finding that a migration is recorded as applied, and that the code has no file of it."""
    message = "is recorded as applied, but the code has no such migration: this is the code of another release."
    hint = "Install the release that was deployed, and look again: python manage.py diagnose"
    return finding("recovery.W024", migration, message, hint, migration=migration)


def history_refused(problem: str) -> Finding:
    """The finding that migrate would refuse to begin; `problem` is Django's sentence."""
    message = f"cannot be followed: {problem.rstrip('.')}."
    hint = "Install the release that was deployed, and look again: python manage.py diagnose"
    return finding("recovery.E024", "the history of migrations", message, hint)


def done_run(command: str, *, run: str, began: str, how: str) -> Finding:
    """The finding that the last run has no end or an error, and that nothing is left of its work."""
    message = f"began at {began} and {how}, but all that it was to do is done (run {run})."
    return finding("recovery.I025", command, message, "Nothing is left of it to do.")


def killed_run(command: str, *, run: str, began: str, host: str, again: str) -> Finding:
    """The finding that a run has no recorded end; `again` is the command that does the rest."""
    message = f"began at {began} on {host} and has no end: it was killed, or its connection was lost (run {run})."
    return finding("recovery.W025", command, message, f"python manage.py {again}")


def failed_run(command: str, *, run: str, ended: str, error: str, at: str, again: str) -> Finding:
    """The finding that the last run of a command has failed; `at` is the migration in which it did."""
    where = f" in {at}" if at else ""
    message = f"failed at {ended} with {error}{where} (run {run})."
    return finding("recovery.W026", command, message, f"python manage.py {again}", migration=at)


def not_valid(table: str, *, kind: str, name: str, is_planned: bool) -> Finding:
    """The finding that a constraint is NOT VALID; with `is_planned` a pending migration validates it."""
    message = f"has the {kind} {quote_identifier(name)} NOT VALID: older rows were never checked."
    hint = f"ALTER TABLE {table} VALIDATE CONSTRAINT {quote_if_needed(name)};"
    return finding("recovery.W027", table, message, AGAIN if is_planned else hint)


def orphans_left(table: str, *, name: str, rows: int, is_cut: bool, target: str, has_maker: bool) -> Finding:
    """The finding that rows under a NOT VALID key have no parent; with `is_cut` there are more than `rows`."""
    number = f"more than {rows:,} rows" if is_cut else pluralize(rows, "row")
    message = f"has {number} without a parent in {target}: the key {quote_identifier(name)} cannot be validated."
    hint = "python manage.py backfill_placeholders" if has_maker else "python manage.py verify_schema counts them all."
    return finding("recovery.E028", table, message, hint, rows=None if is_cut else rows)


def orphans_not_counted(table: str, *, name: str, reason: str) -> Finding:
    """The finding that the rows without a parent under a NOT VALID key were not counted."""
    message = f"was not counted for rows without a parent under {quote_identifier(name)}: {reason}."
    return finding(
        "recovery.W028", table, message, "python manage.py verify_schema counts them, however long it takes."
    )


def invalid_index(table: str, *, name: str, fix: str, is_at_work: bool) -> Finding:
    """The finding that an index is invalid; `fix` is the statement, or the command, that ends it."""
    work = "; a session works on its table and may be building it" if is_at_work else ""
    message = f"has the invalid index {name}: no query uses it, every write updates it{work}."
    return finding("recovery.W029", table, message, fix)


def half_detached(table: str, *, partition: str) -> Finding:
    """The finding that DETACH PARTITION CONCURRENTLY was interrupted."""
    message = f"has the partition {partition} half detached: its rows are no longer read with the table."
    return finding("recovery.W030", table, message, f"ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE;")


def keys_disabled(table: str, *, triggers: int) -> Finding:
    """The finding that triggers of foreign keys are disabled on a table."""
    message = f"has {pluralize(triggers, 'trigger')} of foreign keys disabled: its keys hold nothing for new rows."
    return finding("recovery.E030", table, message, f"ALTER TABLE {table} ENABLE TRIGGER ALL;")


def images_open(table: str, *, column: str, rows: int) -> Finding:
    """The finding that references were set to NULL and that their old values are kept."""
    message = f"has {pluralize(rows, 'reference')} set to NULL, with the old values kept."
    hint = "python manage.py backfill_placeholders --restore-nullified puts them back, once the key is gone."
    return finding("recovery.I031", f'{table}."{column}"', message, hint, rows=rows)


def database_left(name: str, *, what: str, more: str, hint: str) -> Finding:
    """The finding that a killed run has left a database; `what` says what is in it."""
    return finding("recovery.W032", name, f"is {what} that a killed run has left{more}.", hint)


def database_in_use(name: str, *, what: str, sessions: int) -> Finding:
    """The finding that a run is using a scratch database or a copy now."""
    message = f"is {what} with {pluralize(sessions, 'session')} in it: a run is at work."
    return finding("recovery.I032", name, message, "Wait until that run has ended, then look again.")


def deploy_at_work(pid: int, *, application: str, state: str, seconds: float) -> Finding:
    """The finding that a session holds the deploy lock."""
    who = f" ({application})" if application else ""
    message = f"holds the deploy lock{who}: {state}, connected for {format_seconds(seconds)}."
    hint = "Wait until it has ended, then look again. Is nobody at work there? Then " + TERMINATE.format(pid=pid)
    return finding("recovery.W034", f"session {pid}", message, hint)


def queue(blocker: str, *, waiting: int, longest: float, tables: str, hint: str) -> Finding:
    """The finding that sessions wait for a lock behind another one."""
    at = f" on {tables}" if tables else ""
    message = f"keeps {pluralize(waiting, 'session')} waiting{at}, the longest for {format_seconds(longest)}."
    return finding("recovery.W035", blocker, message, hint)


def holds_locks(pid: int, *, doing: str, seconds: float, tables: str) -> Finding:
    """The finding that a session stops writers, or does nothing inside of a transaction."""
    stops = f", and stops the writers of {tables}" if tables else ", and keeps its locks"
    message = f"is in a transaction for {format_seconds(seconds)} ({doing}){stops}."
    hint = TERMINATE.format(pid=pid)
    return finding("recovery.W036", f"session {pid}", message, hint[0].upper() + hint[1:])


def prepared_transaction(name: str, *, owner: str, seconds: float) -> Finding:
    """The finding that a transaction is prepared, and keeps its locks until somebody ends it."""
    gid = "'" + name.replace("'", "''") + "'"
    message = f"is prepared for {format_seconds(seconds)} by {quote_identifier(owner)}, and keeps its locks."
    hint = f"Ask its owner, then COMMIT PREPARED {gid}; or ROLLBACK PREPARED {gid};"
    return finding("recovery.W037", f"the transaction {gid}", message, hint)


def slot_lags(name: str, *, kind: str, is_active: bool, wal_status: str, bytes: int) -> Finding:
    """The finding that the server keeps much WAL for a slot, or has lost what it needs."""
    use = "in use" if is_active else "used by nobody"
    message = f"({kind}, {use}) keeps {format_bytes(bytes)} of WAL, status {wal_status or 'unknown'}."
    if wal_status == "lost":
        message = f"({kind}, {use}) has lost the WAL that it needs: what reads it must be made anew."
    drop = "SELECT pg_drop_replication_slot('{}');".format(name.replace("'", "''"))
    hint = f"Start what reads it, or, if nothing does any more: {drop}"
    return finding("recovery.W038", f"the slot {name}", message, hint)


def standby_lags(name: str, *, behind: str, state: str) -> Finding:
    """The finding that a standby is behind; on it, what a deploy did is not there yet."""
    message = f"is {behind} behind ({state})."
    return finding("recovery.W039", name, message, "Wait until it has caught up, then look again.")


def commits_wait(standbys: str, *, waiting: int) -> Finding:
    """The finding that each COMMIT waits for a standby that is not connected."""
    message = f"names standbys ({standbys}), and none of them is connected: every COMMIT waits"
    message += f", {pluralize(waiting, 'session')} now." if waiting else "."
    hint = "Start the standby. If it will not come back: ALTER SYSTEM RESET synchronous_standby_names; and reload."
    return finding("recovery.E040", "synchronous_standby_names", message, hint)


def not_looked(area: str, *, reason: str, hint: str) -> Finding:
    """The finding that an area could not be looked at."""
    return finding("recovery.W041", area, f"was not looked at: {reason}.", hint)


def no_backup(name: str, *, others: int) -> Finding:
    """The finding that no backup of the database is known; `others` belong to other databases."""
    beside = f" ({pluralize(others, 'backup')} of other databases or servers)" if others else ""
    message = f"has no backup in the record of runs or in a named place{beside}."
    hint = "Ask who makes the backups, and when one was last restored. --backups names where they are."
    return finding("recovery.I043", name, message, hint)


def copy_kept(name: str, *, drop: str) -> Finding:
    """The finding that a copy was kept on request; it holds rows of patients."""
    message = "is a copy with rows of the original, kept on request."
    return finding("recovery.I034", name, message, f"When nobody needs it any more: {drop}")
