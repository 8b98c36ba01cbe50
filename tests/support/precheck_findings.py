"""Looking at the findings of a precheck that ran in this process."""

from __future__ import annotations

from typing import Any

from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions


def look(**options: Any) -> dict[str, list[Any]]:
    """Each finding's id with the findings of it, less those that every plan of the hospital has.

    They are the index that the hospital's own schema lacks, and the keys that its application does not know.
    """
    found: dict[str, list[Any]] = {}
    for one in precheck.run(using="default", options=PrecheckOptions(**options)).findings:
        if one.id not in ("references.W003", "application.I001"):
            found.setdefault(one.id, []).append(one)
    return found


def told(found: dict[str, list[Any]], id: str) -> list[str]:
    """Subject and message of the findings of one id, as a person reads them."""
    return [f"{one.subject} {one.message}" for one in found.get(id, [])]
