"""Where all runs of one rehearsal take place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from migrations_safety.messages.progress import Progress
from migrations_safety.plan import migration_plan
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import REHEARSAL, CopiedDatabase, CopyOf, copied_database
from migrations_safety.postgresql.target import Target
from migrations_safety.recovery.rehearsal.clones import GivenClones
from migrations_safety.recovery.rehearsal.figures import tables_of
from migrations_safety.recovery.rehearsal.forecast import EarlierDeploy
from migrations_safety.recovery.rehearsal.options import RehearsalOptions
from migrations_safety.recovery.rehearsal.place import CopyPlace
from migrations_safety.recovery.rehearsal.report import Basis
from migrations_safety.recovery.rehearsal.steps import Stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """What is known of the database before a copy is made of it."""

    target: Target
    plan: migration_plan.Plan
    way_back: tuple[tuple[str, str], ...]
    """The apps and the migrations to go back to, in their order."""
    basis: Basis
    bytes: int
    earlier: tuple[EarlierDeploy, ...]


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

    @contextmanager
    def clone(self, *, keep: bool) -> Iterator[CopiedDatabase]:
        """Provide a clone of the filled copy, or what the command gives."""
        if self.given:
            with self.given.clone(keep=keep) as copy:
                yield copy
            return
        assert self.first is not None
        parameters = self.place.parameters
        with copied_database(parameters, of=self.made, made_for=REHEARSAL, template=self.first.name, keep=keep) as copy:
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
            marker=self.given.marker(copy) if self.given else None,
            **more,
        )
