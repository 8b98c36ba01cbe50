"""Collects what is true or false of a row and has to stay so, though its values are made up.

That is each CHECK, the condition of each unique index about some of the rows, and what the plan demands. What is asked
of the original's rows must not be able to fail there: an error would write a value into the server's log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from psycopg import sql

from migrations_safety.checks.data_conditions import COMPARED, conditions
from migrations_safety.checks.data_doubts import conversion
from migrations_safety.checks.data_queries import columns_of, value_of
from migrations_safety.measurement.demand import Demand
from migrations_safety.measurement.report import MeasuredPlan
from migrations_safety.recovery.rehearsal.keys_only.harmless import is_harmless
from migrations_safety.recovery.rehearsal.keys_only.reduced_tables import Place, ReducedTable
from migrations_safety.sql.composition import compose

KEPT_ANYHOW = frozenset({"not_null", "drop"})
"""Demands about whether there is a value, which never changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """Something that is true, false or NULL of each row of a table."""

    words: str
    condition: sql.Composable
    columns: frozenset[str]
    literals: str
    """Text in which literals stand that may make it true or false."""
    check: str | None = None
    """The name of the CHECK, if it is false of no row."""

    @property
    def is_required(self) -> bool:
        """Whether it is false of no row."""
        return self.check is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Properties:
    """The properties of all tables."""

    demands: tuple[Demand, ...]
    measured: MeasuredPlan
    version: int
    """The major version of the original's server."""

    def places(self) -> Iterator[tuple[Place, Place | None]]:
        """Return the columns that the plan compares with others, each with the one that it refers to: they are keys."""
        for demand in self.demands:
            if demand.kind in COMPARED:
                parents = [(*demand.parent, column) for column in demand.parent_columns] if demand.parent else []
                for source, parent in zip_longest(demand.sources, parents):
                    if source and source.before:
                        yield (*demand.of, source.before), parent

    def of(self, table: ReducedTable) -> tuple[list[Property], list[str]]:
        """Return the properties of one table, and what is not kept of it, in words."""
        found, lost = [], []
        for check in table.checks:
            words = f"CHECK {check.name} of {table.root_name}"
            if check.is_valid or is_harmless(check.condition):
                name = check.name if check.is_valid else None
                found.append(_property(table, words, check.condition, check=name))
            else:
                lost.append(f"{words}: it is NOT VALID, and to evaluate it could fail")
        for name, condition in table.conditions.items():
            found.append(_property(table, f"the condition of index {name}", condition))
        for demand in self.demands:
            if demand.of == (table.root_schema, table.root_relation) or demand.of == (table.schema, table.relation):
                of_demand, problem = self._of_demand(table, demand)
                found += of_demand
                lost += [f"{_words(table, demand)}: {problem}"] if problem else []
        return found, lost

    def _of_demand(self, table: ReducedTable, demand: Demand) -> tuple[list[Property], str]:
        if demand.kind in COMPARED or demand.kind in KEPT_ANYHOW:
            return [], ""
        how = conversion(self.measured, demand)
        problem = demand.not_judged or next((one.unknown for one in demand.sources if one.unknown), None)
        if problem is None and how == "other":
            problem = "the migration converts the values by an expression of its own"
        if problem is None and any(one.casts for one in demand.sources):
            problem = "the plan changes the type before"
        if problem is None and demand.kind == "check" and not is_harmless(demand.condition or ""):
            problem = "to evaluate it could fail"
        if problem is not None:
            return [], problem
        asked = list(conditions(demand, conversion=how, version=self.version))
        if not asked:
            return [], "whether a value can be converted is not known without converting it"
        return [
            Property(
                words=_words(table, demand),
                condition=compose(
                    "row_properties.of_demand",
                    condition=one.condition,
                    columns=columns_of({source.name: value_of(source) for source in one.sources}),
                    alias=sql.Identifier(demand.alias),
                ),
                columns=frozenset(source.before for source in one.sources if source.before),
                literals=f"{demand.condition or ''} {demand.type_after} {_quoted(demand.labels or ())}",
            )
            for one in asked
        ], ""


def _property(table: ReducedTable, words: str, condition: str, *, check: str | None = None) -> Property:
    return Property(
        words=words,
        condition=sql.SQL(condition),
        columns=frozenset(table.named_in(condition)),
        literals=condition,
        check=check,
    )


def _words(table: ReducedTable, demand: Demand) -> str:
    what = f"{demand.kind} {demand.name}".strip()
    return f"what {demand.migration} demands of {table.root_name} ({what} of {', '.join(demand.columns)})"


def _quoted(labels: Iterable[str]) -> str:
    return " ".join("'" + one.replace("'", "''") + "'" for one in labels)
