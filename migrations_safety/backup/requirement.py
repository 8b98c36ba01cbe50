"""Judges whether a database has a backup that is young enough, was tried far enough and is as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from migrations_safety.backup.evidence.recorded_archives import CLOCKS_DIFFER
from migrations_safety.backup.evidence.values import BackupEvidence, Found
from migrations_safety.backup.manifest import Proof, verify_archive
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.refusals.evidence import BackupsNotLookedAt, ClusterUnknown
from migrations_safety.messages.wording import backup as wording


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """What `--require-backup` asks for."""

    max_age: timedelta
    least: Proof = Proof.RESTORED

    def __str__(self) -> str:
        return f"{self.max_age.total_seconds() / 3600:g}h,{self.least.word}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The backup that fits, or the findings that say why none does."""

    backup: BackupEvidence | None
    findings: tuple[Finding, ...] = ()


def judge(found: Found, requirement: Requirement) -> Judgement:
    """Return the newest backup that fits; its archive is read whole, to see that it has not changed.

    Raises BackupsNotLookedAt where none fits and a place could not be read, and ClusterUnknown where the role may not
    read the identifier of the cluster.
    """
    if found.system_identifier is None:
        raise ClusterUnknown(name=found.database)
    changed = []
    for one in found.evidence:
        if any(_misfits(one, found, requirement)):
            continue
        problem = verify_archive(one.manifest) if one.manifest else ""
        if not problem:
            return Judgement(backup=one)
        changed.append(wording.changed(one.name, problem))
    if unseen := [one for one in found.unread if not one.is_looked_at]:
        raise BackupsNotLookedAt(name=found.database, places=[(one.place, one.reason, one.hint) for one in unseen])
    return Judgement(backup=None, findings=(*changed, *_why_not(found, requirement, is_changed=bool(changed))))


def _why_not(found: Found, requirement: Requirement, *, is_changed: bool) -> Iterator[Finding]:
    for place in found.unread:
        yield wording.changed(place.place, f"cannot be used: {place.reason}", place.hint)
    if found.evidence and not is_changed:
        yield from _misfits(found.evidence[0], found, requirement)
    elif not found.evidence:
        yield wording.no_backup(found.database, others=found.others)


def _misfits(one: BackupEvidence, found: Found, requirement: Requirement) -> Iterator[Finding]:
    age = found.now - one.taken_at
    if age < -CLOCKS_DIFFER:
        yield wording.changed(one.name, "says that it was taken in the future")
    elif age > requirement.max_age:
        yield wording.too_old(one.name, age=int(age.total_seconds()), most=int(requirement.max_age.total_seconds()))
    if one.proof < requirement.least:
        yield wording.not_tried(one.name, proof=one.proof.word, least=requirement.least.word, kind=one.kind)
