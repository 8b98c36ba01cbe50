"""Asks another backup tool for its JSON; it is only ever asked what it knows, never told to do anything."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import Any

from migrations_safety.backup.evidence.values import CouldNotRead
from migrations_safety.backup.regular_file import parsed_json
from migrations_safety.postgresql.guarded_program import guarded_program


def told_json(command: Sequence[str], *, package: str, patience: float) -> Any:
    """Run a command that only looks, and return the JSON that it prints within `patience` seconds.

    Raises CouldNotRead where it is not installed, does not end in time, or prints something else.
    """
    path = shutil.which(command[0])
    if path is None:
        hint = f"Install the package {package}, or run this on the host that has it."
        raise CouldNotRead(f"{command[0]} is not installed here, or this user may not run it", hint)
    with (
        TemporaryFile() as file,
        guarded_program([path, *command[1:]], environment=os.environ | {"LC_ALL": "C"}, stdout=file) as program,
    ):
        if not program.ends_within(patience):
            raise CouldNotRead(f"{command[0]} gave no answer within {patience:.2g} s", _hint(command))
        file.seek(0)
        return _parsed(file.read(), program.wait(), program.said, command)


def _parsed(answer: bytes, code: int, complaint: str, command: Sequence[str]) -> Any:
    try:
        told = parsed_json(answer)
    except ValueError:
        told = None
    if isinstance(told, dict) and told.get("_ERROR"):
        raise CouldNotRead(f"{command[0]} says: {'; '.join(map(str, told['_ERROR']))}", _hint(command))
    if code or told is None:
        said = " ".join(complaint.split())[:300]
        raise CouldNotRead(f"{command[0]} ended with {code}: {said or 'without a word'}", _hint(command))
    return told


def _hint(command: Sequence[str]) -> str:
    return f"See what it says: {shlex.join(command)}"
