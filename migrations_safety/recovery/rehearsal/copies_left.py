"""Keeps notes of copies on another server, and says which ones of earlier rehearsals are left elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg

from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.copies import PREFIX, REHEARSAL, CopyOf, complete_parameters, copies_on
from migrations_safety.postgresql.copy_notes import forget_place, noted_place, notes_of
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.recovery.rehearsal.clones import NOT_REMOVED
from migrations_safety.recovery.rehearsal.place import CopyPlace


def copies_left(of: CopyOf) -> tuple[str, ...]:
    """Return where they are, without those in use."""
    return tuple(note.words for note in notes_of(of) if not note.is_at_work)


def tell_copies_left(of: CopyOf, progress: Progress) -> None:
    """Say it before a run, which may fail."""
    for one in copies_left(of):
        progress.say(NOT_REMOVED.format(one))


@contextmanager
def noted_server(place: CopyPlace, of: CopyOf) -> Iterator[None]:
    """Keep a note that copies are on the server of --scratch-url during the block, which drops those left there."""
    if place.where != "url":
        yield
        return
    with closing(open_connection(place.parameters)) as session:
        server = {**complete_parameters(place.parameters, session), "dbname": f"{PREFIX}{of.oid}_…"}
    with noted_place(server, of=of, made_for=REHEARSAL) as note:
        try:
            yield
        except BaseException:
            note.stays = _are_there(place, of)
            raise
    if not _are_there(place, of):
        forget_place(server, of=of)


def _are_there(place: CopyPlace, of: CopyOf) -> bool:
    """Whether copies are left on a server, or may be."""
    try:
        return any(one.is_leftover and one.of_oid == of.oid for one in copies_on(place.parameters))
    except psycopg.Error:
        return True
