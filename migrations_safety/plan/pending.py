"""What the next `migrate` will create, so that a hint suggests `migrate` only where it creates what is missing."""

from __future__ import annotations

from functools import cached_property

from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError

from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.plan import migration_plan
from migrations_safety.plan.migration_plan import Plan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.declared_keys import DeclaredKey


class Pending:
    """The pending migrations of a database; they are read when a method is called for the first time.

    Every method returns False where the role cannot read `django_migrations`, and where the plan cannot be read.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._refusal: Refusal | None = None

    @property
    def refusal(self) -> Refusal | None:
        """What `migrate` refuses with before it creates anything; None where it does not refuse so early."""
        return self._refusal if self._plan is None else None

    @cached_property
    def _plan(self) -> Plan | None:
        history = catalog.tables(self.connection, ["django_migrations"]).get("django_migrations")
        if history and not history.may_select:
            return None
        try:
            return migration_plan.read(self.connection)
        except Refusal as refusal:
            self._refusal = refusal
            return None
        except (InconsistentMigrationHistory, NodeNotFoundError):
            return None

    def makes_enum(self, name: str) -> bool:
        """Whether a pending migration creates the enum."""
        return bool(self._plan and any(name == enum.name for each in self._plan.migrations for enum in each.enums))

    def makes_key(self, key: DeclaredKey) -> bool:
        """Whether a pending migration adds or validates the foreign key."""
        planned = {(found.table, found.column, found.name) for found in self._plan.keys} if self._plan else set()
        return (key.table, key.column, key.name) in planned
