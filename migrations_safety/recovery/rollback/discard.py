"""Decides whether a rollback may lose rows: a person has typed how many, and a backup that was restored has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from migrations_safety.audit.run_log import StandsOn
from migrations_safety.backup.evidence.search import find_backups
from migrations_safety.backup.requirement import Requirement
from migrations_safety.backup.requirement import judge as judge_backups
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import recovery as wording
from migrations_safety.postgresql.connection import Connection
from migrations_safety.recovery.rollback.options import RollbackOptions
from migrations_safety.recovery.rollback.report import Loss
from migrations_safety.recovery.rollback.unended import UnendedRun

BACKUP = Requirement(max_age=timedelta(hours=1))
"""What the backup must be if rows are to be lost: of level `restored`, and younger than an hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What may be lost, with the findings about it."""

    findings: tuple[Finding, ...] = ()
    allowed: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    """By table and column the number of rows that may be lost."""
    stands_on: StandsOn | None = None

    def unwanted(self, losses: Sequence[Loss]) -> list[Loss]:
        """Return the losses that forbid the drop, because nobody has agreed to them."""
        return [one for one in losses if one.rows > self.allowed.get((one.table, one.column), 0)]


def agreed(
    connection: Connection, losses: Sequence[Loss], options: RollbackOptions, before: UnendedRun | None
) -> Agreement:
    """Return what may be lost. Without a typed number that is nothing, and each loss is an error.

    `before` is the run with the same options that was killed. What it has dropped already is counted with the number.

    Raises the errors of `requirement.judge` where the backups could not be looked at.
    """
    counted = sum(one.rows for one in losses if options.counts_table in (None, one.table))
    forbidden = tuple(refused(losses, options, number=counted))
    if options.discard is None and losses:
        return Agreement(findings=forbidden)
    if options.discard is None and not options.accepted_code:
        return Agreement()
    is_rest = before is not None and before.has_agreed_to(losses)
    if options.discard not in (None, counted) and not is_rest:
        other = wording.other_number(options.discard_option, typed=options.discard or 0, counted=counted)
        return Agreement(findings=(other, *forbidden))
    judgement = judge_backups(find_backups(connection, options.places), BACKUP)
    if judgement.backup is None:
        return Agreement(findings=(*judgement.findings, *forbidden))
    taken_at = f"{judgement.backup.taken_at:%Y-%m-%d %H:%M:%S %Z}"
    return Agreement(
        findings=tuple(
            wording.will_be_lost(
                one.table,
                column=one.column,
                cut_to=one.cut_to,
                rows=one.rows,
                backup=judgement.backup.name,
                at=taken_at,
            )
            for one in losses
        ),
        allowed={(one.table, one.column): one.rows for one in losses},
        stands_on=StandsOn(backup=judgement.backup.as_dict()),
    )


def refused(losses: Sequence[Loss], options: RollbackOptions, *, number: int | None = None) -> Iterator[Finding]:
    """Yield an error for each loss; `number` is what a person would have to type, where all losses are counted."""
    discard = f"{options.typed} {options.discard_option} {number or 'N'}"
    for one in losses:
        keep = "" if one.cut_to else f"{options.typed} --keep-dropped"
        yield wording.would_be_lost(
            one.table, column=one.column, cut_to=one.cut_to, rows=one.rows, keep=keep, discard=discard
        )
