"""Refusals about findings that are accepted or known."""

from migrations_safety.messages.refusals.base import Refusal


class AcceptanceRefused(Refusal, ValueError):
    """Raised where a migration accepts a finding with values that cannot be meant."""

    message = "{where} cannot be used: {problem}."
    hint = 'An example: AcceptedFinding("data.E010", reason="Nobody reads it.", until=date(2027, 1, 1), max_rows=100)'


class BaselineRefused(Refusal):
    """Raised where the file of `--baseline` cannot be read as known findings."""

    message = "The baseline {file} cannot be used: {problem}. Nothing was checked."
    hint = "Write one: python manage.py precheck --write-baseline FILE"


class RevisionRefused(Refusal):
    """Raised where git cannot say which migrations came since the revision of `--since`."""

    message = "--since {revision} cannot be used: {problem}. Nothing was checked."
    hint = "Run it inside the project's git repository, with a revision that git rev-parse knows."
