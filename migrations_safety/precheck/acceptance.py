"""Marks the findings that pending migrations accept, and finds acceptances that do not hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from migrations_safety.acceptances import AcceptedFinding
from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.findings import Acceptance, Finding
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.wording import plan as wording
from migrations_safety.plan.planned_migration import PlannedMigration

OF_THE_DATABASE = ("data", "locks", "application", "drift")
"""The areas whose findings depend on the database, so that an acceptance may be right and match nothing here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Offer:
    """An acceptance, and the label of the migration that has it."""

    migration: str
    of: AcceptedFinding

    def __str__(self) -> str:
        return f"{self.of.id} of {self.of.subject}" if self.of.subject else self.of.id

    def is_about(self, finding: Finding) -> bool:
        """Whether the finding is the accepted one, on whatever day and for however many rows."""
        is_named = self.of.subject in (None, finding.subject) and self.of.id == finding.id
        return is_named and finding.migration in ("", self.migration)

    def has_expired(self, today: date) -> bool:
        """Whether the last day of the acceptance is over."""
        return self.of.until is not None and self.of.until < today

    def covers_rows_of(self, finding: Finding) -> bool:
        """Whether the finding has no more rows than are accepted; an unknown number is more."""
        return self.of.max_rows is None or (finding.rows is not None and finding.rows <= self.of.max_rows)

    @property
    def acceptance(self) -> Acceptance:
        """What the report says about the accepted finding."""
        until = self.of.until.isoformat() if self.of.until else None
        return Acceptance(reason=self.of.reason, until=until, migration=self.migration)


def accept(
    findings: Iterable[Finding], migrations: Iterable[PlannedMigration], *, judged: Collection[str], today: date
) -> list[Finding]:
    """Return the findings, with those marked that the migrations accept, and further ones about the acceptances.

    An acceptance that has expired, that covers fewer rows than there are, or that matches no finding, is a finding.
    `judged` are the areas that were looked at completely: elsewhere nobody knows whether an acceptance matches.
    """
    found = list(findings)
    offers = [_Offer(migration=one.label, of=accepted) for one in migrations for accepted in one.accepts]
    holding = [offer for offer in offers if not offer.has_expired(today)]
    marked = [_marked(finding, holding) for finding in found]
    refused = [finding for finding in marked if not finding.accepted]
    about = [one for offer in offers for one in _about(offer, found, refused, judged, today)]
    return marked + list(dict.fromkeys(about))


def _marked(finding: Finding, offers: Iterable[_Offer]) -> Finding:
    for offer in offers:
        if offer.is_about(finding) and offer.covers_rows_of(finding):
            return replace(finding, accepted=offer.acceptance)
    return finding


def _about(
    offer: _Offer, found: list[Finding], refused: list[Finding], judged: Collection[str], today: date
) -> Iterator[Finding]:
    area = CATALOGUE[offer.of.id].area
    if not any(map(offer.is_about, found)):
        if area in judged:
            word = wording.acceptance_not_needed if area in OF_THE_DATABASE else wording.acceptance_unmatched
            yield word(offer.migration, accepts=str(offer))
        return
    for finding in filter(offer.is_about, refused):
        if offer.has_expired(today):
            yield wording.acceptance_expired(offer.migration, accepts=str(offer), until=f"{offer.of.until}")
        else:
            rows = pluralize(offer.of.max_rows or 0, "row")
            there = "their number is unknown" if finding.rows is None else f"there are {finding.rows:,}"
            yield wording.acceptance_of_fewer_rows(offer.migration, accepts=str(offer), rows=rows, found=there)
