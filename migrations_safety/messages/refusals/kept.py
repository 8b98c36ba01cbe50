"""Refusals about what is kept instead of dropped."""

from __future__ import annotations

from migrations_safety.messages.refusals.base import Refusal


class CannotKeep(Refusal):
    """Raised where something depends on a table or column that is to be kept instead of dropped."""

    id = "recovery.E050"
    message = "{subject} cannot be kept instead of dropped: {obstacles} depends on it or holds it. Nothing was dropped."

    def __init__(self, *, subject: str, obstacles: list[str]) -> None:
        super().__init__(subject=subject, obstacles=", ".join(obstacles))
        self.hint = "Drop or change these objects in a migration before this one; then run the same command again."


class NoPlaceToKeep(Refusal):
    """Raised where the role may not use the schema of what is kept, or may not make it."""

    id = "recovery.E058"
    message = "The schema migrations_safety_kept {reason}. Nothing was dropped."

    def __init__(self, *, reason: str, grant: str) -> None:
        super().__init__(reason=reason)
        self.hint = f"{grant} Then run the same command again."


class DropNotRead(Refusal):
    """Raised where a migration sends a statement that drops something and is not a plain DROP."""

    id = "recovery.E051"
    message = (
        "{migration} sends a statement that drops something and that --keep-dropped cannot replace. It was not sent, "
        "and nothing was dropped."
    )
    hint = (
        "Write each drop as a DeleteModel or RemoveField, or as one statement of its own in a RunSQL: DROP TABLE name; "
        "or ALTER TABLE name DROP COLUMN name;"
    )


class DroppedUnseen(Refusal):
    """Raised where code of a migration has dropped something that was not kept; the transaction is rolled back."""

    id = "recovery.E052"
    message = (
        "{migration} has dropped {what} in code that --keep-dropped does not see. The migration was rolled back, and "
        "nothing is lost."
    )
    hint = "Write the drop as an operation of its own, DeleteModel or RemoveField; then run the same command again."


class NotKept(Refusal):
    """Raised for numbers that name nothing that is kept now."""

    message = "Nothing is kept under the number {numbers}. Nothing was changed."
    hint = "python manage.py restore_dropped --list shows what is kept."

    def __init__(self, *, numbers: list[int]) -> None:
        super().__init__(numbers=", ".join(map(str, numbers)))


class StepNotKnown(Refusal):
    """Raised where a killed run had begun an operation of which nobody knows what it has done."""

    message = (
        "{migration} is done in part: its operation {number} ({what}) had begun when migrate --keep-dropped was ended, "
        "and nothing shows whether it has done its work. Nothing was changed."
    )
    hint = (
        "Look whether it has, and then: python manage.py migrate --keep-dropped --interrupted done (it has), or "
        "--interrupted again (it has not, or may run twice). python manage.py diagnose lists all operations."
    )


class FileChangedMeanwhile(Refusal):
    """Raised where the file of a migration that is done in part has changed since."""

    message = (
        "{migration} is done in part by a migrate --keep-dropped that was ended, and its file has changed since. "
        "Nothing was changed."
    )
    hint = "Install the release with that file, and then: python manage.py migrate --keep-dropped"


class BegunWithKeeping(Refusal):
    """Raised where a migration was begun with `--keep-dropped` and is to go on without it."""

    message = (
        "{migration} is done in part by a migrate --keep-dropped that was ended. Without that option the rest of it "
        "would be dropped, not kept. Nothing was changed."
    )
    hint = "To go on: python manage.py migrate --keep-dropped"
