"""Says where a finding stands: in a file of the repository, in an installed package, or in the database alone.

CI systems want a path for each finding: GitHub refuses a whole SARIF file with one result that has none. So a finding
about a migration of an installed package gets a path within that package. One about a table, and about no migration,
stands at the first operation of the plan that touches the table; where none does, it gets the name of the database in
place of a path. `base` says what the path belongs to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from migrations_safety.measurement.report import MeasuredOperation
from migrations_safety.messages.catalogue import CATALOGUE
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target
from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.template_engine import visible

OF_TABLES = ("privilege", "tables", "types", "references", "partition", "locks")
"""The areas with findings about a table that are there because the plan touches it."""
PACKAGES = ("site-packages", "dist-packages")
PACKED = (".zip", ".whl", ".egg", ".pyz")


class Base(StrEnum):
    """What the path of a place is relative to."""

    REPOSITORY = "%SRCROOT%"
    PACKAGES = "SITE_PACKAGES"
    DATABASE = "DATABASE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a finding stands."""

    base: Base
    path: str
    """The path with slashes, relative to the base."""
    line: int | None
    """The line where the operation begins; None where nobody knows which one it is, or where it begins."""
    name: str
    """The label of the migration, or what the finding names in the database."""

    @property
    def is_file(self) -> bool:
        """Whether the path is that of a file of the repository."""
        return self.base is Base.REPOSITORY


def places(report: PrecheckReport, *, root: PurePath) -> Callable[[Finding], Place]:
    """Return a function that says where a finding of the report stands; `root` is the folder of the repository."""
    plan, measured = report.plan, report.review.measured
    files = {one.label: one.file for one in (*plan.adopted, *plan.migrations, *plan.unapplied)}
    operations = [one for transaction in measured.transactions for one in transaction.operations]
    lines = {(one.migration, one.number): one.line for one in operations}
    touching = _touching(operations)

    def place_of(finding: Finding) -> Place:
        name = finding.migration or finding.subject
        migration, number = _operation(finding, touching)
        if not migration:
            return _in_database(report.target, name)
        base, path = _in(root, files.get(migration), migration)
        return Place(base=base, path=path, line=lines.get((migration, number)), name=name)

    return place_of


def places_of(target: Target, *, root: PurePath, file_of: Callable[[str], str | None]) -> Callable[[Finding], Place]:
    """Return the same for a command that measures no plan; `file_of` gives the file of a migration by its label."""

    def place_of(finding: Finding) -> Place:
        if not finding.migration:
            return _in_database(target, finding.subject)
        base, path = _in(root, file_of(finding.migration), finding.migration)
        return Place(base=base, path=path, line=None, name=finding.migration)

    return place_of


def _in_database(target: Target, name: str) -> Place:
    return Place(base=Base.DATABASE, path=visible(target.name).replace("/", "_"), line=None, name=name)


Touching = Mapping[str, Sequence[tuple[str, int]]]
"""By the name of each existing table the operations that touch it, in their order: migration and number."""


def _touching(operations: Iterable[MeasuredOperation]) -> Touching:
    found: dict[str, dict[tuple[str, int], None]] = defaultdict(dict)
    for one in operations:
        for effect in (effect for statement in one.statements for effect in statement.tables if not effect.new):
            found[effect.table][one.migration, one.number] = None
    return {table: tuple(places) for table, places in found.items()}


def _operation(finding: Finding, touching: Touching) -> tuple[str, int]:
    """Return the migration and the number of the operation where a finding stands: 0 for none, "" for no migration."""
    if finding.operation:
        return finding.migration, finding.operation
    on_table = touching.get(finding.subject) or touching.get(_table(finding.subject)) or ()
    if not finding.migration:
        return on_table[0] if on_table and CATALOGUE[finding.id].area in OF_TABLES else ("", 0)
    numbers = [number for migration, number in on_table if migration == finding.migration]
    return finding.migration, numbers[0] if len(numbers) == 1 else 0


def _table(subject: str) -> str:
    """Return the table of a column as findings name it: `bills` of `bills."patientId"`."""
    return subject.rpartition('."')[0]


def _in(root: PurePath, file: str | None, label: str) -> tuple[Base, str]:
    app, _, name = label.partition(".")
    path = PurePath(file) if file else PurePath(app, "migrations", f"{name}.py")
    installed = [number for number, part in enumerate(path.parts) if part in PACKAGES]
    if installed:
        return Base.PACKAGES, PurePath(*path.parts[installed[-1] + 1 :]).as_posix()
    is_packed = any(part.endswith(PACKED) for part in path.parts) or path.suffix != ".py"
    if file and path.is_relative_to(root) and not is_packed:
        return Base.REPOSITORY, path.relative_to(root).as_posix()
    return Base.PACKAGES, PurePath(*path.parts[-3:]).as_posix()
