"""Where all runs of one rehearsal take place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.connection_gate import gate_works
from migrations_safety.postgresql.copies import REHEARSAL, CopiedDatabase, CopyOf, copied_database
from migrations_safety.postgresql.second_connection import connection_parameters
from migrations_safety.recovery.rehearsal.carried_settings import carry_settings
from migrations_safety.recovery.rehearsal.clones import GivenClones
from migrations_safety.recovery.rehearsal.figures import tables_of
from migrations_safety.recovery.rehearsal.options import RehearsalOptions
from migrations_safety.recovery.rehearsal.original import Original
from migrations_safety.recovery.rehearsal.place import CopyPlace
from migrations_safety.recovery.rehearsal.shared_objects import changed, shared_objects
from migrations_safety.recovery.rehearsal.steps import Stage


@dataclass(frozen=True, slots=True)
class Theater:
    """Where all runs take place."""

    connection: Connection
    original: Original
    place: CopyPlace
    options: RehearsalOptions
    made: CopyOf
    first: CopiedDatabase | None
    """The filled copy; None where a command gives each copy."""
    progress: Progress
    given: GivenClones | None = None
    not_carried: list[str] = field(default_factory=list)
    """Settings of the original that the last copy does not have, in words."""
    changed: list[str] = field(default_factory=list)
    """What changed on the server of a copy that other databases share."""

    @contextmanager
    def clone(self, *, keep: bool) -> Iterator[CopiedDatabase]:
        """Provide a clone of the filled copy, or what the command gives, and see what else changes meanwhile."""
        with self._provided(keep=keep) as copy:
            self.not_carried[:] = carry_settings(connection_parameters(self.connection), copy)
            if self.place.where == "embedded":
                yield copy
                return
            before = shared_objects(copy.parameters, without=[copy.oid])
            yield copy
            self.changed.extend(changed(before, shared_objects(copy.parameters, without=[copy.oid])))

    def open_ways(self) -> tuple[str, ...]:
        """Return on which ways code of a migration could reach the original, in words."""
        found = []
        if self.options.opens_network:
            found.append("--open-network lets it connect to every address that it knows")
        elif not gate_works():
            found.append("this system cannot decide where a process connects, so only psycopg and Python refuse it")
        if self.place.runs_programs or (self.given and self.given.runs_programs):
            found.append("the role may run programs on the copy's server, and these connect where they want")
        return tuple(found)

    @contextmanager
    def _provided(self, *, keep: bool) -> Iterator[CopiedDatabase]:
        """Provide a clone of the filled copy, or what the command gives."""
        if self.given:
            with self.given.clone(keep=keep) as copy:
                yield copy
            return
        assert self.first is not None
        how: dict[str, Any] = {"template": self.first.name, "strategy": self.place.clones_by, "keep": keep}
        with copied_database(self.place.parameters, of=self.made, made_for=REHEARSAL, **how) as copy:
            yield copy

    def stage(self, copy: CopiedDatabase, **more: Any) -> Stage:
        """Return what runs commands on a clone."""
        basis = self.original.basis
        return Stage(
            connection=self.connection,
            copy=copy,
            place=self.place,
            original=(basis.system_identifier, basis.database_oid),
            tables=tables_of(copy.parameters),
            opens_network=self.options.opens_network,
            is_gated=gate_works() and not self.options.opens_network,
            marker=self.given.marker(copy) if self.given else None,
            **more,
        )
