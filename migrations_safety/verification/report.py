"""What a verification found, as plain values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target
from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class NotCompared:
    """Something that a model declares and that was not looked at, with the reason in words."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VerificationReport:
    """What was declared, what of it is there as declared, and every difference."""

    target: Target
    apps: tuple[str, ...]
    """The labels of the apps whose tables were compared."""
    expected: dict[str, int]
    """How many objects of each kind are declared."""
    found: dict[str, int]
    """How many of them are there as declared."""
    keys: tuple[DeclaredKey, ...]
    """The foreign keys that are as declared."""
    not_compared: tuple[NotCompared, ...]
    counted_keys: int
    """For how many declared keys the orphans were counted."""
    uncounted_keys: int
    """For how many they were not: the database holds these, or nobody wanted to count."""
    orphan_rows: int
    placeholders: int
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """`verified`, or `drift` where anything differs."""
        return "drift" if any(one.level is not Level.INFO for one in self.findings) else "verified"

    def keys_by(self, attribute: str) -> dict[str, int]:
        """How many matching keys there are by `target_table` or by `on_delete`."""
        return dict(Counter(getattr(key, attribute) for key in self.keys).most_common())
