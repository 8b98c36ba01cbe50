"""Refusals where it is not known whether a database has a backup."""

from __future__ import annotations

from collections.abc import Sequence

from migrations_safety.messages.refusals.base import Refusal


class BackupsNotLookedAt(Refusal):
    """Raised where no known backup fits, and a place of backups could not be read."""

    message = 'Whether "{name}" has the required backup is not known: {reasons}.'

    def __init__(self, *, name: str, places: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(name=name, reasons="; ".join(f"{place}: {reason}" for place, reason, _ in places))
        self.hint = next((hint for _, _, hint in places if hint), "")


class ClusterUnknown(Refusal):
    """Raised where the role may not read by what backups of this database are known."""

    message = 'Backups of "{name}" cannot be told from those of other servers: the role may not read its identifier.'
    hint = "As a superuser: GRANT EXECUTE ON FUNCTION pg_control_system() TO the role of this command;"
