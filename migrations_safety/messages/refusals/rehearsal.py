"""Refusals of `migrate --rehearsed`."""

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
