"""Who found which hazard, and whom a neutral operation alarmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.benchmarks.review.effects import Effects
from tests.benchmarks.review.operations import Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """One operation with what plain Django did, and why it is a hazard (nothing: it is none)."""

    operation: Operation
    effects: Effects
    hazards: list[str]

    @property
    def kind(self) -> str:
        """`hazard`, `neutral`, or `breaks`: then it counts neither as the one nor as the other."""
        if self.hazards:
            return "hazard"
        return "breaks" if self.operation.breaks else "neutral"


def truths(operations: Mapping[str, Operation], effects: Mapping[str, Effects]) -> dict[str, Truth]:
    """By the label of the app the truth."""
    return {
        label: Truth(operation=one, effects=effects[label], hazards=effects[label].hazards(own_table(label, one)))
        for label, one in operations.items()
    }


def own_table(label: str, operation: Operation) -> str | None:
    """Return the name of the table that the operation is about."""
    return f"{label}_{operation.table}" if operation.table else None


def score(truth: Mapping[str, Truth], alarmed: set[str]) -> dict[str, Any]:
    """Count, for a reviewer whom the apps in `alarmed` alarmed, what it found, missed and invented."""
    hazards = {label for label, one in truth.items() if one.kind == "hazard"}
    neutral = {label for label, one in truth.items() if one.kind == "neutral"}
    return {
        "found": len(hazards & alarmed),
        "hazards": len(hazards),
        "false_alarms": len(neutral & alarmed),
        "neutral": len(neutral),
        "missed": _names(truth, hazards - alarmed),
        "invented": _names(truth, neutral & alarmed),
    }


def _names(truth: Mapping[str, Truth], labels: set[str]) -> list[str]:
    return [truth[label].operation.name for label in sorted(labels)]


def shows_hazard(truth: Mapping[str, Truth], shown: Mapping[str, Effects]) -> set[str]:
    """Return the apps of which the plan shows a hazard."""
    return {label for label, one in shown.items() if one.hazards(own_table(label, truth[label].operation))}


def differences(truth: Mapping[str, Truth], shown: Mapping[str, Effects]) -> list[dict[str, Any]]:
    """Return the operations of which the plan shows anything else than plain Django does."""
    return [
        {"operation": one.operation.name, "truth": asdict(one.effects), "shown": _plain(shown.get(label))}
        for label, one in truth.items()
        if shown.get(label) != one.effects
    ]


def _plain(effects: Effects | None) -> dict[str, Any] | None:
    return asdict(effects) if effects else None


def table(scores: list[dict[str, Any]]) -> str:
    """Return the scores as a Markdown table."""
    lines = ["| reviewer | reads | hazards found | false alarms | seconds |", "|---|---|---|---|---|"]
    for one in scores:
        if "skipped" in one:
            lines.append(f"| {one['reviewer']} | {one['reads']} | not run: {one['skipped']} | | |")
            continue
        counts = f"{one['found']} of {one['hazards']} | {one['false_alarms']} of {one['neutral']}"
        seconds = "" if one["seconds"] is None else f"{one['seconds']:.1f}"
        lines.append(f"| {one['reviewer']} | {one['reads']} | {counts} | {seconds} |")
    return "\n".join(lines)
