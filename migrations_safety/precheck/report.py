"""What a precheck saw, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from migrations_safety.census.estimates import Estimate
from migrations_safety.census.incremental import EarlierCensus, Mark
from migrations_safety.census.report import Census, OrphanValue
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding, blocking
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.wording import references as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.postgresql.target import Target


class Depth(StrEnum):
    """How closely to look at the data: count it, estimate it (which proves nothing), or not at all."""

    COUNT = "count"
    ESTIMATE = "estimate"
    CATALOG = "catalog"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """What was counted after an earlier census: rows that are new since, and references as a whole."""

    earlier: EarlierCensus
    new_rows: int
    counted_whole: int

    def __str__(self) -> str:
        where = "the standby" if self.earlier.in_recovery else "the database"
        taken = f'Census of {where} "{self.earlier.alias}", {self.earlier.mark.moment.taken_at}'
        whole = f", and {pluralize(self.counted_whole, 'reference')} in full" if self.counted_whole else ""
        new = pluralize(self.new_rows, "new row was", "new rows were")
        return f"{taken}; since then, {new} counted here{whole}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """What was seen of the data, as closely as `depth` says.

    `censuses` hold new rows only after a `recount`; `mark` is the moment, where it was asked for; `identifiers` are
    orphans, for a terminal only.
    """

    depth: Depth
    censuses: tuple[Census, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    mark: Mark | None = None
    recount: Recount | None = None
    identifiers: tuple[OrphanValue, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PrecheckReport:
    """What precheck saw; `findings` are those of the catalog and those of the data."""

    target: Target
    plan: Plan
    inspected: InspectedPlan
    data: Data
    findings: tuple[Finding, ...]
    fail_level: Level

    @property
    def blocking(self) -> list[Finding]:
        """The findings that forbid to migrate."""
        return blocking(self.findings, fail_level=self.fail_level)

    @property
    def verdict(self) -> str:
        """`blocked`, `attention` (warnings to read, or operations that nobody judged) or `safe`."""
        if self.blocking:
            return "blocked"
        return "attention" if self.warns or self.plan.not_judged else "safe"

    @property
    def warns(self) -> bool:
        """Whether there are warnings to read."""
        return any(finding.level is Level.WARNING for finding in self.findings)

    @property
    def uncovered(self) -> bool:
        """Whether a key is added or validated whose rows are not known to have their parents."""
        return any(finding.id in wording.NOT_KNOWN for finding in self.findings)
