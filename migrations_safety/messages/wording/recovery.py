"""Wording of the findings about the way back from a deploy."""

from collections.abc import Sequence

from migrations_safety.messages.findings import Finding, finding
from migrations_safety.messages.humanize import listed, pluralize


def would_be_lost(table: str, *, column: str | None, cut_to: str | None, rows: int, keep: str, discard: str) -> Finding:
    """The finding that the rollback would lose rows of a table, or the values of a column.

    `cut_to` is the type that cuts or rounds values, None where the column or the table goes. `keep` is the command that
    keeps them elsewhere, empty where none does, `discard` the one that loses them, without its number.
    """
    keeping = f"Or keep them elsewhere: {keep}. " if keep else ""
    hint = (
        f"Leave the migration applied. {keeping}Or, if they may be lost: "
        f"python manage.py backup_database --output DIR, then {discard}"
    )
    return finding("recovery.E001", _subject(table, column), _loss(column, cut_to, rows, "would"), hint, rows=rows)


def other_number(option: str, *, typed: int, counted: int) -> Finding:
    """The finding that another number of rows would be lost than the operator has typed."""
    message = f"has the number {typed:,}, but {counted:,} would be lost."
    return finding("recovery.E003", option, message, "Find out whose rows these are, then type the number again.")


def will_be_lost(table: str, *, column: str | None, cut_to: str | None, rows: int, backup: str, at: str) -> Finding:
    """The finding that the rollback loses rows of a table, as the operator has agreed."""
    hint = f"They are in the backup {backup} as they were at {at}; what was written since is in no backup."
    return finding("recovery.W003", _subject(table, column), _loss(column, cut_to, rows, "will"), hint, rows=rows)


def _subject(table: str, column: str | None) -> str:
    return f'{table}."{column}"' if column else table


def _loss(column: str | None, cut_to: str | None, rows: int, would: str) -> str:
    if cut_to:
        return f"holds values in {pluralize(rows, 'row')} that the rollback {would} cut or round to {cut_to}."
    if column:
        return f"holds values in {pluralize(rows, 'row')} that the rollback {would} lose with the column."
    return f"holds {pluralize(rows, 'row')} that the rollback {would} lose with the table."


def not_castable(table: str, *, column: str, type: str, migration: str) -> Finding:
    """The finding that a column has values that its earlier type does not take, so that PostgreSQL would refuse."""
    message = f"holds values that {type}, its type before {migration}, does not take. PostgreSQL refuses the rollback."
    hint = f"Correct these values, or roll back no further than {migration}."
    return finding("recovery.E004", _subject(table, column), message, hint)


def falls_with_it(thing: str, *, subject: str) -> Finding:
    """The finding that an object would be dropped with a table or column which the rollback drops."""
    message = f"depends on {subject}. CASCADE would drop it too, and no migration of the rollback does."
    hint = f"Save the definition of {thing}, drop it alone, without CASCADE, and run the same command again."
    return finding("recovery.E005", thing, message, hint)


def code_outside_transaction(migration: str, *, again: str) -> Finding:
    """The finding that code runs outside of a transaction when a migration is unapplied; `again` is the rollback."""
    message = "is not atomic and runs code when it is unapplied. What the code loses would be noticed too late."
    return finding("recovery.E007", migration, message, _read_the_code(migration, again), migration=migration)


def code_would_lose(table: str, *, how: str, migration: str, again: str) -> Finding:
    """The finding that code of a migration has lost or changed rows of a table that stays; it was rolled back.

    `again` is the rollback as it is typed again.
    """
    message = f"{how} when the code of {migration} ran. This transaction was undone, so nothing is lost."
    return finding("recovery.E008", table, message, _read_the_code(migration, again), migration=migration)


def _read_the_code(migration: str, again: str) -> str:
    return (
        "Read what the code does to the rows. If it may: python manage.py backup_database --output DIR, then "
        f"{again} --accept-code {migration}"
    )


def references_left(table: str, *, rows: int, leave: str) -> Finding:
    """The finding that nullified references could not be restored, so that the rollback stops before the tables.

    `leave` is the command that goes on without them.
    """
    message = (
        f"has {pluralize(rows, 'reference')} that were set to NULL and could not be restored, so the tables stay. "
        "The earlier values are kept. Foreign keys to these tables may be gone already: until this goes on, or migrate "
        "makes them again, they keep no orphan out."
    )
    hint = (
        "python manage.py backfill_placeholders --restore-nullified says what forbids it; then run the same command "
        f"again. Or, if they may stay NULL: {leave}"
    )
    return finding("recovery.E006", table, message, hint, rows=rows)


def reaches_another_app(app: str, *, migrations: Sequence[str]) -> Finding:
    """The finding that migrations of another app are unapplied as well."""
    depend = "depends" if len(migrations) == 1 else "depend"
    message = f"is rolled back too: {listed(migrations)} {depend} on what is unapplied."
    return finding("recovery.W001", f"the app {app}", message, "Read what these migrations have made.")


def stay_nullified(table: str, *, rows: int) -> Finding:
    """The finding that nullified references of a table were not restored."""
    message = f"has {pluralize(rows, 'reference')} that stay NULL; the earlier values are kept."
    hint = "python manage.py backfill_placeholders --restore-nullified"
    return finding("recovery.I001", table, message, hint, rows=rows)


def file_gone(label: str) -> Finding:
    """The finding that an applied migration has neither a file nor a recorded source."""
    message = "is applied, but its file is gone, and no run has recorded its source."
    return finding("recovery.E002", label, message, "Check out the release that has the file, then run it again.")


def file_changed(label: str) -> Finding:
    """The finding that the file of a migration is another one than that which was applied."""
    message = "was applied from another file than the one that is here now, which the rollback uses."
    return finding("recovery.W002", label, message, "Check out the release that was deployed, or compare the two.")


def source_used(label: str) -> Finding:
    """The finding that the rollback uses a recorded source, because the file is gone."""
    message = "has no file any more; its source is taken from the record of runs."
    return finding("recovery.I002", label, message, "Nothing to do.")


def stands_in_the_way(subject: str, *, things: list[str], migration: str) -> Finding:
    """The finding that other objects depend on what `--keep-dropped` is to keep."""
    message = f"cannot be kept when {migration} drops it: {listed(things)} depends on it or holds it."
    hint = "Drop or change these objects in a migration before this one; then run the same command again."
    return finding("recovery.E050", subject, message, hint, migration=migration)


def drop_not_read(migration: str) -> Finding:
    """The finding that a statement drops something, and is not one that `--keep-dropped` can replace."""
    message = "sends a statement that drops something and that --keep-dropped cannot replace."
    hint = (
        "Write each drop as a DeleteModel or RemoveField, or as one statement of its own in a RunSQL: DROP TABLE name; "
        "or ALTER TABLE name DROP COLUMN name;"
    )
    return finding("recovery.E051", migration, message, hint, migration=migration)


def code_out_of_sight(migration: str) -> Finding:
    """The finding that code of a migration that is not atomic may drop what `--keep-dropped` does not see in time."""
    message = "is not atomic and runs code. What the code drops out of sight is not kept, and is noticed too late."
    hint = "Read the code, or leave out atomic = False where the migration does not need it."
    return finding("recovery.W004", migration, message, hint, migration=migration)


def is_kept(subject: str, *, is_column: bool, migration: str) -> Finding:
    """The finding that a table or column is kept instead of dropped."""
    message = f"is kept when {migration} drops it, in the schema migrations_safety_kept."
    if is_column:
        message = (
            f"is kept when {migration} drops it, in its table under another name. SELECT * goes on to show it. "
            "INSERT and COPY without a list of columns go on to count it."
        )
    hint = "python manage.py restore_dropped --list shows it afterwards."
    return finding("recovery.I050", subject, message, hint, migration=migration)


def made_again(subject: str, *, how: str) -> Finding:
    """The finding that the old place of something kept is taken."""
    message = f"was not put back, because {how}. It stays kept, and nothing of it was changed."
    hint = "Rename or move what took its place, or make what it lacks; then run restore_dropped again."
    return finding("recovery.E053", subject, message, hint)


def is_gone(subject: str, *, place: str) -> Finding:
    """The finding that something that is recorded as kept is not there any more."""
    message = f"was kept as {place}, and is not there any more."
    hint = "Somebody has dropped or renamed it by hand. A backup from before has its rows."
    return finding("recovery.E054", subject, message, hint)


def not_put_back(subject: str, *, what: str, sqlstate: str) -> Finding:
    """The finding that a constraint or index of something that was put back could not be made again."""
    message = f"is back with all its rows, but without {what} (SQLSTATE {sqlstate})."
    hint = "python manage.py verify_schema shows what differs; the rows written since are in its way."
    return finding("recovery.E055", subject, message, hint)


def stays_nullable(subject: str) -> Finding:
    """The finding that a column that was NOT NULL is not any more, because rows have no value in it."""
    message = "is back with all its values, but rows that were written since have none, so it is not NOT NULL."
    hint = "Give these rows a value, then SET NOT NULL."
    return finding("recovery.E056", subject, message, hint)


def values_not_told_apart(subject: str) -> Finding:
    """The finding that nobody knows which values of a restored column were written since it was made again."""
    message = (
        "is back with its older values in all rows that had one. The table was rewritten since the column was made "
        "again, so nobody knows which newer values somebody wrote."
    )
    hint = "The newer values are kept: python manage.py restore_dropped --list shows where. Compare the two columns."
    return finding("recovery.E057", subject, message, hint)


def no_place(schema: str, *, reason: str, grant: str) -> Finding:
    """The finding that the role may not keep anything; `grant` is the SQL that helps."""
    return finding("recovery.E058", schema, f"{reason}, so nothing can be kept.", grant)


def too_young(subject: str, *, age: str, least: str) -> Finding:
    """The finding that something was not kept for long enough to be purged; both are durations in words."""
    message = f"is kept for {age} only, and the purge asks for {least}."
    return finding("recovery.E060", subject, message, "Wait, or name another time with --older-than.")


def rows_not_typed(subject: str, *, rows: int, typed: str, purge: str) -> Finding:
    """The finding that nobody has typed how many rows a purge will lose, or another number; `typed` may be empty.

    `purge` is the command without the number.
    """
    said = f"is not the {typed} that was typed" if typed else "was not typed"
    message = (
        f"holds {pluralize(rows, 'row or value', 'rows and values')} that the purge would lose; the number {said}."
    )
    return finding("recovery.E061", subject, message, f"If they may be lost: {purge} --discard-rows {rows}", rows=rows)


def no_backup_for_purge(subject: str, *, reason: str) -> Finding:
    """The finding that no backup holds what a purge will lose."""
    message = f"{reason}, so what is kept may be nowhere else."
    hint = "Make one: python manage.py backup_database --output DIR --restore-test, then type the same purge again."
    return finding("recovery.E062", subject, message, hint)


def is_used(subject: str, *, things: list[str]) -> Finding:
    """The finding that something depends on what is to be purged."""
    message = f"is kept and used: {listed(things)} depends on it or holds it."
    return finding("recovery.E063", subject, message, "Drop or change these objects first.")
