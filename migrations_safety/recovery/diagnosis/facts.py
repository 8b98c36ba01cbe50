"""All that a diagnosis reads, each part on its own, so that one that cannot be read does not hide the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DatabaseError, transaction

from migrations_safety.audit import run_log
from migrations_safety.audit.run_log import OpenImages
from migrations_safety.backup.evidence.search import find_backups
from migrations_safety.backup.evidence.values import Found, Places
from migrations_safety.kept import kept_record
from migrations_safety.kept.kept_record import Kept
from migrations_safety.messages.errors import sqlstate
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.plan.done_operations import HalfDone, half_done
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.catalog_fingerprint import database_identity
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import CopyOf, LeftoverCopy, leftover_copies
from migrations_safety.postgresql.copy_notes import CopyNote, notes_of
from migrations_safety.postgresql.target import Target
from migrations_safety.recovery.diagnosis import leftovers, recorded_runs, sessions
from migrations_safety.recovery.diagnosis.applied_in_part import Halves, halves
from migrations_safety.recovery.diagnosis.leftovers import Carrying, LeftDatabase, Watching, carrying, watching
from migrations_safety.recovery.diagnosis.open_runs import OpenRun, Shown, open_runs
from migrations_safety.recovery.diagnosis.recorded_in_truth import Missing, missing
from migrations_safety.recovery.diagnosis.recorded_migrations import Graph, Migrations
from migrations_safety.recovery.diagnosis.recorded_runs import Recorded
from migrations_safety.recovery.diagnosis.remaining_sql import Remaining
from migrations_safety.recovery.diagnosis.replication import Replication, replication
from migrations_safety.recovery.diagnosis.sessions import Deploy, Prepared, Sessions
from migrations_safety.recovery.diagnosis.unfinished_objects import Unfinished, unfinished, with_orphans
from migrations_safety.sql import statement

LOCKED, SLOW = "55P03", "57014"
REASONS = {
    "42501": "the role lacks a right",
    LOCKED: "another session has locked a table",
    SLOW: "it took too long for a quick look",
}
"""Why a part was not looked at, by SQLSTATE."""
PATIENCE = 1.5
"""Seconds that all statements may take together."""
LEAST = 50
"""Milliseconds that each statement gets, also after that."""
UNREADABLE = (FieldDoesNotExist, FieldError, LookupError, AttributeError, TypeError, ValueError)
"""The errors of an operation, or of a model of the migrations, that names what it does not have."""
RECOVERY_CONFLICT = "40001"

Part = TypeVar("Part")


@dataclass(kw_only=True, slots=True)
class Facts:
    """What was read; a part that could not be read has its reason in `missed`, by its name."""

    deploys: list[Deploy] = field(default_factory=list)
    migrations: Migrations = field(default_factory=Migrations)
    ways_back: list[tuple[str, str]] = field(default_factory=list)
    """The app and the migration to go back to, for each app that the last deploy has touched."""
    halves: Halves = field(default_factory=Halves)
    remaining: list[Remaining] = field(default_factory=list)
    """The SQL that finishes or undoes each of these migrations."""
    missing: Missing = field(default_factory=Missing)
    runs: list[Recorded] = field(default_factory=list)
    open_runs: list[OpenRun] = field(default_factory=list)
    """Those of the runs whose work is not done."""
    unfinished: Unfinished = field(default_factory=Unfinished)
    begun: list[HalfDone] = field(default_factory=list)
    """The migrations that a `migrate --keep-dropped` has done in part."""
    kept: list[Kept] = field(default_factory=list)
    carrying: list[Carrying] = field(default_factory=list)
    """The triggers that a `restore_dropped` has made and not dropped."""
    watching: list[Watching] = field(default_factory=list)
    """The triggers that a rollback has made and not dropped."""
    images: list[OpenImages] = field(default_factory=list)
    scratches: list[LeftDatabase] = field(default_factory=list)
    copies: list[LeftoverCopy] = field(default_factory=list)
    elsewhere: list[CopyNote] = field(default_factory=list)
    """Copies on other servers of which this user has notes here."""
    sessions: Sessions = field(default_factory=Sessions)
    prepared: list[Prepared] = field(default_factory=list)
    replication: Replication = field(default_factory=Replication)
    backups: Found | None = None
    """What is known of backups of this database; None where it could not be looked for."""
    missed: dict[str, str] = field(default_factory=dict)
    end: float = 0.0
    """When the look has to end, on the clock of `time.monotonic`."""


def gather(connection: Connection, target: Target, places: Places) -> Facts:
    """Read all parts; runs inside a read-only transaction. Raises what a standby raises that cancels a reading.

    Other tools that know of backups come last and get the seconds that the statements have left.
    """
    facts, graph = Facts(end=time.monotonic() + PATIENCE), Graph(connection)
    read = partial(_read, connection, facts)
    facts.deploys = read("deploy lock", lambda: sessions.deploys(connection), [])
    facts.migrations = read("migrations", lambda: _migrations(connection, graph, target), Migrations())
    facts.runs = read("runs", lambda: recorded_runs.recorded(connection), [])
    if "migrations" not in facts.missed and not facts.migrations.problem:
        facts.halves = read(
            "steps of migrations", lambda: halves(connection, graph, facts.migrations.pending), Halves()
        )
        removed = frozenset(one for half in facts.halves.found for one in half.removed)
        facts.missing = read("recorded migrations", lambda: missing(connection, graph, removed=removed), Missing())
        facts.ways_back = graph.before(recorded_runs.deployed(facts.runs))
    found = read("constraints and indexes", lambda: unfinished(connection), Unfinished())
    facts.unfinished = read("orphans", lambda: with_orphans(connection, found), found)
    facts.images = read("nullified references", lambda: run_log.open_images(connection), [])
    facts.begun = read("kept instead of dropped", lambda: half_done(connection), [])
    facts.kept = read("kept instead of dropped", lambda: _kept(connection), [])
    facts.carrying = read("kept instead of dropped", lambda: carrying(connection), [])
    facts.watching = read("runs", lambda: watching(connection), [])
    facts.open_runs = open_runs(facts.runs, _shown(facts))
    facts.scratches = read("scratch databases and copies", lambda: leftovers.databases(connection), [])
    facts.copies = read("scratch databases and copies", lambda: leftover_copies(connection), [])
    facts.elsewhere = read("scratch databases and copies", lambda: _elsewhere(connection, target), [])
    is_locked_out = REASONS[LOCKED] in facts.missed.values()  # then whoever it was is named, however new the lock is
    facts.sessions = read("locks", lambda: sessions.sessions(connection, at_once=is_locked_out), Sessions())
    facts.prepared = read("prepared transactions", lambda: sessions.prepared(connection), [])
    facts.replication = read("standbys and slots", lambda: replication(connection), Replication())
    in_time = replace(places, patience=max(facts.end - time.monotonic(), LEAST / 1000))
    facts.backups = read("last backup", lambda: find_backups(connection, in_time), None)
    transaction.set_rollback(True, using=connection.alias)  # the timeouts go, also where the caller's transaction stays
    return facts


def _shown(facts: Facts) -> Shown:
    missed, found = facts.missed, facts.migrations
    return Shown(
        recorded=None if "migrations" in missed or found.problem else frozenset(found.recorded),
        files=found.files,
        kept=None if "kept instead of dropped" in missed else tuple(facts.kept),
        has_images=None if "nullified references" in missed else bool(facts.images),
    )


def _elsewhere(connection: Connection, target: Target) -> list[CopyNote]:
    cluster, oid = database_identity(connection)
    return notes_of(CopyOf(oid=oid, system_identifier=cluster, name=target.name))


def _kept(connection: Connection) -> list[Kept]:
    return kept_record.kept_things(connection) if kept_record.record_exists(connection) else []


def _migrations(connection: Connection, graph: Graph, target: Target) -> Migrations:
    catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
    return graph.migrations()


def _read(connection: Connection, facts: Facts, name: str, look: Callable[[], Part], nothing: Part) -> Part:
    """Return what `look` returns; where it is refused, note the reason and return `nothing`."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            left = max(int((facts.end - time.monotonic()) * 1000), LEAST)
            cursor.execute(statement("facts.limit"), {"milliseconds": f"{left}ms"})
            return look()
    except Refusal as refusal:
        facts.missed[name] = refusal.sentence.rstrip(".")
    except UNREADABLE:
        facts.missed[name] = "a migration or a model of one contradicts itself"
    except DatabaseError as error:
        state = sqlstate(error)
        if state is None or state == RECOVERY_CONFLICT:
            raise  # the connection is gone, or a standby has cancelled the reading
        facts.missed[name] = REASONS.get(state, f"PostgreSQL refused it (SQLSTATE {state})")
    return nothing
