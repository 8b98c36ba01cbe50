"""The options of one precheck, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.backup.evidence.values import Places
from migrations_safety.census.incremental import EarlierCensus
from migrations_safety.census.scan_strategy import BY_SIZE, ScanOptions
from migrations_safety.measurement.embedded_target import EmbeddedTarget
from migrations_safety.measurement.options import NOT_WANTED, MeasureOptions
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.postgresql.application_statements import ApplicationStatements
from migrations_safety.postgresql.table_figures import SavedFigures
from migrations_safety.precheck.baseline import Baseline
from migrations_safety.precheck.earlier import EarlierReport
from migrations_safety.precheck.report import Arguments, Depth

MAX_STALL = 0.2
"""The default of `--max-stall`, in seconds."""
SMALL = 1_000_000
"""The default of `--small`, in bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrafficOptions:
    """How long others may wait for a lock of the plan, and which tables count."""

    max_stall: float = MAX_STALL
    """How many seconds others may wait behind a statement; 0 for no limit."""
    small: int = SMALL
    """Work on a table of fewer bytes takes no time worth mentioning."""
    hot: frozenset[str] = frozenset()
    """The names of the tables on which no lock may stop writers or readers, however short."""
    saved: SavedFigures | None = None
    """The figures of `--statistics`, which are used instead of those of the database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrecheckOptions:
    """What the precheck looks at, and how closely. The defaults stand for all that `migrate` without arguments does."""

    app_label: str | None = None
    migration_name: str | None = None
    fake_initial: bool = False
    keep_dropped: bool = False
    """Whether the tables and columns that the plan drops are kept."""
    depth: Depth = Depth.COUNT
    scan: ScanOptions = BY_SIZE
    before: EarlierCensus | None = None
    """The counts of an earlier precheck. With them only rows that are new since then are counted."""
    is_marked: bool = False
    """Whether a later precheck may use the counts of this one, so that it has to note the transaction id."""
    show_ids: int = 0
    """The number of orphan values to put into the report, which may be shown on a terminal only."""
    fail_level: Level = Level.ERROR
    baseline: Baseline | None = None
    """The findings that are known, and are therefore not told again."""
    since: str | None = None
    """The git revision since which a migration must have come to be reported on; None reports on all."""
    measure: MeasureOptions = NOT_WANTED
    """Where the plan is measured. The commands measure it by default."""
    traffic: TrafficOptions = TrafficOptions()
    """How long locks may be held, and on which tables."""
    statements: ApplicationStatements | None = None
    """The statements of the application; None reads them from pg_stat_statements."""
    embedded: EmbeddedTarget | None = None
    """How the database was made, if it was made from the migrations of the project and holds no rows of anybody."""
    backups: Places | None = None
    """Where to look for the last backup; None does not look."""
    earlier: EarlierReport | None = None
    """The report of an earlier precheck, whose measurements are used if nothing has changed since."""

    @property
    def arguments(self) -> Arguments:
        """The arguments that `migrate` takes, too."""
        return Arguments(
            app_label=self.app_label,
            migration_name=self.migration_name,
            fake_initial=self.fake_initial,
            keep_dropped=self.keep_dropped,
            max_stall=None if self.traffic.max_stall == MAX_STALL else self.traffic.max_stall,
        )


EVERYTHING = PrecheckOptions()
