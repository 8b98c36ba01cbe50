"""What a verification found, as plain values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target
from migrations_safety.schema.declared_keys import DeclaredKey


@dataclass(frozen=True, kw_only=True, slots=True)
class VerificationReport:
    """What was declared, what of it is there as declared, and every difference."""

    target: Target
    expected: dict[str, int]
    found: dict[str, int]
    keys: tuple[DeclaredKey, ...]
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
