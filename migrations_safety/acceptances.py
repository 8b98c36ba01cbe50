"""Findings that a migration accepts: they are reported with a reason, but neither block nor warn.

A migration lists them beside its operations:

    class Migration(migrations.Migration):
        accepted_findings = [
            AcceptedFinding("data.E010", subject='shop_order."note"', reason="Nobody reads the notes before 2020."),
        ]
"""

from __future__ import annotations

import datetime
from dataclasses import KW_ONLY, dataclass
from typing import Any

from migrations_safety.messages.catalogue import ACCEPTABLE_AREAS, ACCEPTANCE_IDS, CATALOGUE
from migrations_safety.messages.refusals.acceptance import AcceptanceRefused


@dataclass(frozen=True, slots=True)
class AcceptedFinding:
    """A finding of this id, about this migration or about no migration, is accepted.

    `subject` is the object that the finding names; None accepts the id whatever it names. `reason` is printed with the
    finding. `until` is the last day on which the acceptance holds, None for no end. With `max_rows` it holds for so
    many rows; a finding without a number of rows is then not accepted.

    Raises AcceptanceRefused, which is also a ValueError, for values that cannot be meant.
    """

    id: str
    _: KW_ONLY
    reason: str
    subject: str | None = None
    until: datetime.date | None = None
    max_rows: int | None = None

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise AcceptanceRefused(where=f"AcceptedFinding({self.id!r})", problem=problem)

    def _problems(self) -> list[str]:
        kind = CATALOGUE.get(self.id) if isinstance(self.id, str) else None
        found = {
            "no finding has this id": kind is None,
            f"only findings of the areas {', '.join(ACCEPTABLE_AREAS)} can be accepted": kind
            and kind.area not in ACCEPTABLE_AREAS,
            "a finding about an acceptance cannot be accepted": self.id in ACCEPTANCE_IDS,
            "reason= must say why, in words": not is_text(self.reason),
            "subject= must be the object that the finding names": self.subject is not None
            and not is_text(self.subject),
            "until= must be a datetime.date, the last day": self.until is not None
            and type(self.until) is not datetime.date,
            "max_rows= must be a number of rows, 0 or more": self.max_rows is not None
            and not (type(self.max_rows) is int and self.max_rows >= 0),
        }
        return [problem for problem, is_so in found.items() if is_so]


def is_text(value: Any) -> bool:
    """Whether the value is a text with more than blanks in it."""
    return isinstance(value, str) and bool(value.strip())


def accepted_by(migration: Any) -> tuple[AcceptedFinding, ...]:
    """Return what Django's Migration object lists in `accepted_findings`.

    Raises AcceptanceRefused where that is no list of AcceptedFinding.
    """
    listed = getattr(migration, "accepted_findings", ())
    if not isinstance(listed, list | tuple) or not all(isinstance(one, AcceptedFinding) for one in listed):
        where = f"{migration.app_label}.{migration.name}"
        raise AcceptanceRefused(where=where, problem="accepted_findings must be a list of AcceptedFinding")
    return tuple(listed)
