"""The result of a precheck, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from migrations_safety.census.estimates import Estimate
from migrations_safety.census.incremental import EarlierCensus, Mark
from migrations_safety.census.report import Census, OrphanValue
from migrations_safety.checks.data_report import DataChecks
from migrations_safety.measurement.durations import HeldLock
from migrations_safety.measurement.embedded_target import EmbeddedTarget
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding, Fingerprint, blocking
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.wording import references as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.plan.running_release import Rollout
from migrations_safety.postgresql.table_figures import SavedFigures, TableFigures
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.earlier import Circumstances
from migrations_safety.verification.report import NO_DRIFT, Drift


class Depth(StrEnum):
    """How closely to look at the rows: count the orphans, estimate them (which proves nothing), or read no rows."""

    COUNT = "count"
    ESTIMATE = "estimate"
    CATALOG = "catalog"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """What was counted on top of the counts of an earlier precheck.

    `new_rows` is the number of rows that are new since then. `counted_whole` is the number of foreign-key columns that
    were counted in full.
    """

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
    """What the precheck saw in the rows of the tables, as closely as `depth` says.

    `censuses` are the counts of the foreign-key columns, one for each parent table; with a `recount` they contain new
    rows only. `estimates` replace them where the depth is ESTIMATE. `mark` says when the counts were taken, for a later
    precheck; None where this was not asked for. `identifiers` are orphan values, which may be shown on a terminal only.
    """

    depth: Depth
    censuses: tuple[Census, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    mark: Mark | None = None
    recount: Recount | None = None
    identifiers: tuple[OrphanValue, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """The findings that the baseline `file` holds, and those of its entries that no finding matches any more."""

    file: str
    findings: tuple[Finding, ...]
    gone: tuple[Fingerprint, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """The migrations that are older than a git revision, and the number of findings about them that are left out."""

    revision: str
    older: tuple[str, ...]
    findings: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """The measurements of the plan, what they mean on this database, and the findings about that."""

    measured: MeasuredPlan
    findings: tuple[Finding, ...]
    data: DataChecks = field(default_factory=DataChecks)
    figures: Mapping[str, TableFigures] = field(default_factory=dict)
    """The figures of the existing tables that the plan touches, by name."""
    saved: SavedFigures | None = None
    """The file of `--statistics` from which they are; None where they are those of this database."""
    circumstances: Circumstances | None = None
    """What the measurements depend on; None where there are none."""
    earlier: str = ""
    """Whether the measurements of an earlier precheck were used, as a sentence; empty where there are none."""
    held: tuple[tuple[HeldLock, ...], ...] = ()
    """For each transaction of the plan the locks that it holds on existing tables, the longest first."""
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)
    """When each migration belongs to the rollout of the new release, by its label."""

    def migrations_of(self, *times: Rollout) -> list[str]:
        """The labels of the migrations that belong to the rollout at one of these times."""
        return [label for label, time in self.rollouts.items() if time in times]


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """The arguments of the precheck that `migrate` takes, too, so that a report can name the next commands."""

    app_label: str | None = None
    migration_name: str | None = None
    fake_initial: bool = False
    keep_dropped: bool = False
    max_stall: float | None = None
    """How many seconds others may wait; None for the default."""


NOTES = "application.I"
"""How the ids of findings begin that are notes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrecheckReport:
    """The result of a precheck. `findings` are those about the catalog and those about the rows, errors first.

    Where a baseline was given, `known` has the findings that it holds, and `findings` the others. Where a revision was
    given, `since` says which migrations are left out.
    """

    target: Target
    plan: Plan
    inspected: InspectedPlan
    data: Data
    review: Review
    findings: tuple[Finding, ...]
    fail_level: Level
    drift: Drift = NO_DRIFT
    known: Known | None = None
    since: Since | None = None
    arguments: Arguments = Arguments()
    verified_by: Mapping[str, str] = field(default_factory=dict)
    """The commands that verify the schema of one app, by its label; `verify_schema` verifies any other."""
    embedded: EmbeddedTarget | None = None
    """How the database was made, where it was made from the migrations for this precheck (`--embedded`)."""

    @property
    def uncounted_because(self) -> str:
        """The option because of which no rows were counted, where none were."""
        return "--embedded" if self.embedded else "--no-data"

    @property
    def blocking(self) -> list[Finding]:
        """The findings that forbid to run `migrate`: those of `fail_level` and above."""
        return blocking(self.findings, fail_level=self.fail_level)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """The findings that say how the application was looked at; they neither block nor warn."""
        return tuple(one for one in self.findings if one.id.startswith(NOTES))

    @property
    def about_the_plan(self) -> tuple[Finding, ...]:
        """The findings without the notes."""
        return tuple(one for one in self.findings if not one.id.startswith(NOTES))

    @property
    def verdict(self) -> str:
        """`blocked`, `attention` (there are warnings, or operations that no check judges) or `safe`."""
        if self.blocking:
            return "blocked"
        return "attention" if self.warns or self.not_judged else "safe"

    @property
    def not_judged(self) -> int:
        """The number of operations that run code, or that nobody judges because the plan was not measured."""
        measured = self.review.measured
        return len(measured.opaque) if measured.is_measured else self.plan.not_judged

    @property
    def warns(self) -> bool:
        """Whether any finding is a warning that was not accepted."""
        return any(finding.level is Level.WARNING and not finding.accepted for finding in self.findings)

    @property
    def uncovered(self) -> bool:
        """Whether a foreign key is added or validated, and nobody knows whether all its rows have a parent."""
        return any(finding.id in wording.NOT_KNOWN for finding in self.findings)
