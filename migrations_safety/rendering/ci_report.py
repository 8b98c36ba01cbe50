"""What the formats for CI draw of one run of a command: its findings, which of them block, and where each stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

from migrations_safety.messages.findings import Finding
from migrations_safety.postgresql.target import Target
from migrations_safety.rendering.document.account import Account
from migrations_safety.rendering.places import Place, places_of


@dataclass(frozen=True, kw_only=True, slots=True)
class LookedAt:
    """What a command looks at in each run, so that JUnit has a case of it where nothing was found, too."""

    subject: str
    area: str
    unlooked: str = ""
    """Why nobody looked at it; empty if somebody did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CiReport:
    """One run of a command."""

    command: str
    verdict: str
    sentence: str
    """The verdict as a sentence."""
    target: Target
    findings: tuple[Finding, ...]
    blocking: tuple[Finding, ...]
    place_of: Callable[[Finding], Place]
    looked_at: tuple[LookedAt, ...]
    left_out: tuple[str, ...] = ()
    """What was not looked at or is not told, one sentence each."""

    @property
    def whole(self) -> str:
        """How JUnit names the database."""
        return f"database {self.target.name}"


class Reported(Protocol):
    """The report of a command that is not `precheck`."""

    @property
    def target(self) -> Target:
        """The database."""

    @property
    def verdict(self) -> str:
        """As in the JSON."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them."""


def of_command(report: Reported, account: Account, *, root: PurePath, file_of: Callable[[str], str | None]) -> CiReport:
    """Return what CI gets of a command that is not `precheck`; its written report says what blocks.

    `root` is the folder of the repository, `file_of` gives the file of a migration by its label.
    """
    ids = {one.id for one in account.findings if one.blocks}
    return CiReport(
        command=account.command,
        verdict=report.verdict,
        sentence=account.sentence,
        target=report.target,
        findings=report.findings,
        blocking=tuple(one for one in report.findings if one.id in ids),
        place_of=places_of(report.target, root=root, file_of=file_of),
        looked_at=tuple(
            LookedAt(subject=f"database {report.target.name}", area=area, unlooked=unlooked)
            for area, unlooked in (account.areas or {account.command: ""}).items()
        ),
    )
