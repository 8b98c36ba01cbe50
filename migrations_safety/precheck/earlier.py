"""Uses the measurements of an earlier precheck again, where nothing that they depend on has changed since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrations_safety.measurement.answer import read_answer
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.messages.refusals.plan import ReportRefused
from migrations_safety.plan.planned_migration import PlannedMigration
from migrations_safety.postgresql.application_statements import ApplicationStatement, ApplicationStatements
from migrations_safety.postgresql.catalog_fingerprint import catalog_fingerprint, database_identity
from migrations_safety.postgresql.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What the measurements of a plan depend on."""

    cluster: str | None
    """The identifier of the cluster; None where the role may not read it."""
    database_oid: int
    catalog: str
    """The fingerprint of all definitions."""
    migrations: dict[str, str]
    """The checksum of each migration of the plan, by its label, in the order of the plan."""
    measures_python: bool

    def changes(self, since: Circumstances) -> Iterator[str]:
        """Say what is another one than `since`."""
        if (self.cluster, self.database_oid) != (since.cluster, since.database_oid):
            yield "it is of another database"
        elif self.catalog != since.catalog:
            yield "the schema of the database has changed"
        if list(self.migrations) != list(since.migrations):
            yield "other migrations are pending"
        elif changed := [label for label, checksum in self.migrations.items() if since.migrations[label] != checksum]:
            yield f"{', '.join(changed)} has changed"
        if self.measures_python != since.measures_python:
            yield "--measure-python was another one"


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierReport:
    """The measurements in a JSON report of `precheck`, and what they depend on."""

    file: str
    measured: MeasuredPlan
    circumstances: Circumstances | None
    """None where the report is of a plan that was not measured."""


def circumstances(
    connection: Connection, migrations: Iterable[PlannedMigration], *, measures_python: bool
) -> Circumstances:
    """Return what the measurements of these migrations depend on, as it is now."""
    cluster, oid = database_identity(connection)
    return Circumstances(
        cluster=cluster,
        database_oid=oid,
        catalog=catalog_fingerprint(connection),
        migrations={one.label: one.checksum for one in migrations},
        measures_python=measures_python,
    )


def read(file: str) -> EarlierReport:
    """Read the measurements in a report of `precheck --format json --output FILE`.

    Raises ReportRefused where the file cannot be read or is no such report.
    """
    try:
        report = json.loads(Path(file).read_text(encoding="utf-8"))
        if report["command"] != "precheck":
            raise ValueError
        return EarlierReport(file=file, measured=_plan(report["plan"]), circumstances=_circumstances(report))
    except OSError as error:
        raise ReportRefused(file=file, problem=f"cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ReportRefused(file=file, problem="is not a JSON report of precheck") from None


def _plan(found: dict[str, Any]) -> MeasuredPlan:
    return MeasuredPlan(
        measured=str(found["measured"]),
        reason=found["reason"],
        server_version=found["server_version"],
        left_out=tuple(found["left_out"]),
        statements=_statements(found["statements"]),
        **read_answer(found),
    )


def _statements(found: dict[str, Any] | None) -> ApplicationStatements | None:
    if found is None:
        return None
    read = {
        "statements": tuple(ApplicationStatement(**one) for one in found["statements"]),
        "left_out": tuple((str(why), int(number)) for why, number in found["left_out"]),
    }
    return ApplicationStatements(**found | read)


def _circumstances(report: dict[str, Any]) -> Circumstances | None:
    found = report["circumstances"]
    return Circumstances(**found) if found else None
