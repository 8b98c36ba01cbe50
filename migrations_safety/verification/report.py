"""The result of a verification, as plain values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target
from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class NotCompared:
    """Something that a model declares and that was not compared, with the reason as a clause."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """An object that the database does not have as the applied migrations make it.

    `declared` is None for one that no migration makes, `found` for one that does not exist. `change` says, mostly as
    SQL, how the database becomes what the migrations say.
    """

    object: str
    declared: str | None
    found: str | None
    change: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """The differences, the tables that were not compared with their reasons, and those that no model declares."""

    compared: int = 0
    differences: tuple[Difference, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    unmanaged: tuple[str, ...] = ()


NO_DRIFT = Drift()
"""The drift where nothing was compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VerificationReport:
    """The number of declared objects, the number of those that exist as declared, and every difference."""

    target: Target
    apps: tuple[str, ...]
    """The labels of the apps whose tables were compared."""
    expected: dict[str, int]
    """For each kind of object (tables, columns, …) the number of declared ones."""
    found: dict[str, int]
    """For each kind of object the number of declared ones that exist as declared."""
    keys: tuple[DeclaredKey, ...]
    """The foreign keys that exist as declared."""
    not_compared: tuple[NotCompared, ...]
    counted_keys: int
    """The number of declared foreign keys whose rows without a parent were counted."""
    uncounted_keys: int
    """The number of the others: PostgreSQL enforces them, or no counting was asked for."""
    orphan_rows: int
    """The number of rows without a parent, over all counted foreign keys."""
    placeholders: int | None
    """The number of parent rows that are still placeholders; None where no table of them was counted."""
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """`drift` if any finding is an error or a warning, else `verified`."""
        return "drift" if any(one.level is not Level.INFO for one in self.findings) else "verified"

    def keys_by(self, attribute: str) -> dict[str, int]:
        """Count the foreign keys that exist as declared, by `attribute`: `target_table` or `on_delete`."""
        return dict(Counter(getattr(key, attribute) for key in self.keys).most_common())
