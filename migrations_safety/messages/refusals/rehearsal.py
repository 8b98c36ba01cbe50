"""Refusals of `rehearse` and of `migrate --rehearsed`."""

from __future__ import annotations

from migrations_safety.messages.refusals.base import Refusal


class RehearsalFileRefused(Refusal):
    """Raised where a file is no report of a rehearsal."""

    message = "The file {file} {problem}. Nothing was changed."
    hint = "Rehearse first: python manage.py rehearse --format json --output FILE"


class NotRehearsed(Refusal):
    """Raised where the rehearsal is not of this deploy on this database as it is now."""

    id = "rehearsal.E010"
    message = "The rehearsal in {file} does not count: {reasons}. Nothing was changed."
    hint = "Rehearse again: python manage.py rehearse --format json --output FILE"


class BackupNotRehearsed(Refusal):
    """Raised where a backup is not one that this database can be rehearsed on."""

    message = "There is no rehearsal: the backup {path} {problem}."
    hint = "Make another: python manage.py backup_database --output FOLDER; then: python manage.py rehearse --from FILE"

    def __init__(self, *, path: object, problem: str, hint: str | None = None) -> None:
        super().__init__(path=path, problem=problem)
        if hint:
            self.hint = hint
