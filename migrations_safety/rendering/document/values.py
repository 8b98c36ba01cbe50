"""The parts of a written review. Every text is ready to be shown, without markup; names in it are input."""

from __future__ import annotations

from dataclasses import dataclass

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.rendering.document.script import Sql


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One line at the top: what it is about, and the words for it."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One finding: its subject, what is said of it, and where; `accepted` says why it was accepted, if it was."""

    subject: str
    message: str
    migration: str
    operation: int | None
    accepted: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """All findings with one id and one hint, in the order of the report."""

    id: str
    level: Level
    area: str
    title: str
    """What all findings with this id have in common."""
    help: str
    """What it means and what to do about it: one paragraph of Markdown, of the catalogue and not of anybody's input."""
    hint: str
    found: tuple[Told, ...]
    is_accepted: bool
    blocks: bool
    is_in_the_table: bool
    """Whether the table of locks says the same already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One migration of the plan; `what` says what becomes of it: runs, is recorded, is unapplied."""

    label: str
    what: str
    transaction: str
    rollout: str
    makes: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One foreign key: how it is called, its column and its parent."""

    name: str
    column: str
    parent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRule:
    """The foreign keys with one ON DELETE rule, and what the rule means."""

    rule: str
    meaning: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What the plan makes: counts in words, and the names."""

    counts: str
    statements: int
    lines: int
    """How many lines the statements have in the appendix."""
    tables: tuple[str, ...]
    enums: tuple[Fact, ...]
    """Each enum with its labels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """One lock that stops others, with its times in words."""

    migration: str
    table: str
    lock: str
    granted: str
    held: str
    waiting: str
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """The size of one existing table that the plan locks, and how it is used."""

    table: str
    rows: str
    size: str
    indexes: str
    reads: str
    writes: str
    transactions: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaCheck:
    """One area of checks and its result on this database; `level` is that of the worst finding, None for none."""

    area: str
    looks_at: str
    result: str
    level: Level | None
    was_looked_at: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RowCheck:
    """One demand on the rows that are there, and how many rows do not fulfil it."""

    demand: str
    subject: str
    migration: str
    rows: int | None
    violating: int | None
    result: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One foreign-key column with its counts; those of an estimate may be None, which is unknown."""

    column: str
    type: str
    rows: int | None
    not_null: int | None
    values: int | None
    orphans: int | None
    orphan_rows: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Handled:
    """What becomes of existing values of one kind."""

    subject: str
    kind: str
    values: str
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the deploy; `command` is empty where it is done by hand."""

    words: str
    command: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollback:
    """The rollback of the plan: whether it was measured, its locks, and what it would lose."""

    commands: tuple[str, ...]
    words: tuple[str, ...]
    locks: tuple[Fact, ...]
    """The strongest lock on each table that keeps others from writing."""
    loses: tuple[str, ...]
    sql: tuple[Sql, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What verification will expect of the database after the plan."""

    what: str
    number: int
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """One statement of the application that fails after a migration; `calls` is empty where their number is unknown."""

    statement: str
    calls: str
    code: str
    migration: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """The written review of one plan."""

    title: str
    verdict: str
    """`safe`, `attention` or `blocked`."""
    sentence: str
    """The verdict as a sentence, word for word as in the text."""
    in_short: str
    """Why: what blocks, what to read, the longest lock; empty where there is nothing to say."""
    next: Step
    facts: tuple[Fact, ...]
    measured: tuple[str, ...]
    """Where the plan was measured, what was left out there, and how old the figures are."""
    findings: tuple[Findings, ...]
    """Errors first, accepted ones last."""
    migrations: tuple[Migration, ...]
    made: Made
    harmless: tuple[str, ...]
    locks: tuple[Lock, ...]
    """The locks that stop others, the longest first."""
    sizes: tuple[Size, ...]
    checks: tuple[AreaCheck, ...]
    row_checks: tuple[RowCheck, ...]
    """What the plan demands of the rows that are there."""
    references: tuple[Reference, ...]
    counted: str
    """How the references were counted, as a sentence; empty where there is nothing to say."""
    handled: tuple[Handled, ...]
    keeps_rows: str
    """Whether the plan changes rows that are there, as a sentence."""
    keys: tuple[KeyRule, ...]
    broken: tuple[Broken, ...]
    steps: tuple[Step, ...]
    rollback: Rollback
    expected: tuple[Expected, ...]
    verification: Step
    notes: tuple[str, ...]
    """What is left out of the report, and why."""
    sql: tuple[Sql, ...]

    @property
    def blocking(self) -> tuple[Findings, ...]:
        """The findings that forbid to run `migrate`."""
        return tuple(one for one in self.findings if one.blocks)

    @property
    def risks(self) -> tuple[Findings, ...]:
        """The errors and warnings that were not accepted."""
        return tuple(one for one in self.findings if one.level is not Level.INFO and not one.is_accepted)

    @property
    def warnings(self) -> tuple[Findings, ...]:
        """The errors and warnings that do not block."""
        return tuple(one for one in self.risks if not one.blocks)

    @property
    def explained(self) -> tuple[Findings, ...]:
        """Of each id that is told outside of the table of locks the first findings, to explain it once."""
        return tuple({one.id: one for one in reversed(self.findings) if not one.is_in_the_table}.values())[::-1]

    @property
    def infos(self) -> tuple[Findings, ...]:
        """The findings that only inform, and of which no table speaks."""
        return tuple(
            one for one in self.findings if one.level is Level.INFO and not (one.is_accepted or one.is_in_the_table)
        )

    @property
    def accepted(self) -> tuple[Findings, ...]:
        """The findings that a migration accepts."""
        return tuple(one for one in self.findings if one.is_accepted)
