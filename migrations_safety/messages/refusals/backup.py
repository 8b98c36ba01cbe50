"""Refusals of backups, and of the programs and copies that backups and rehearsals need."""

from __future__ import annotations

from collections.abc import Sequence

from migrations_safety.messages.humanize import listed
from migrations_safety.messages.refusals.base import Refusal


class ProgramMissing(Refusal):
    """Raised where one of PostgreSQL's programs is not installed in a version that fits the server."""

    message = "{name} of PostgreSQL {version}{fixed} or newer is needed here, and {there}."

    def __init__(self, *, name: str, version: int, first_fixed: int, found: Sequence[str]) -> None:
        there = f"only {listed(found)} was found" if found else "none was found"
        fixed = f".{first_fixed}" if first_fixed else ""
        super().__init__(name=name, version=version, fixed=fixed, there=there)
        self.hint = (
            f"Install the package postgresql-client-{version} (Debian, Ubuntu) or postgresql{version} (Red Hat), or "
            'pip install "django-migrations-safety[embedded]" (16 and 18), and run the same command again.'
        )


class NoCopy(Refusal):
    """Raised where a copy of a database cannot be made, or is not as it must be."""

    message = "A copy of the database cannot be made: {reason}."

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason=reason)
        self.hint = hint
