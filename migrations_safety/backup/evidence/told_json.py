"""Asks another backup tool for its JSON; it is only ever asked what it knows, never told to do anything."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from typing import Any

from migrations_safety.backup.evidence.values import CouldNotRead


def told_json(command: Sequence[str], *, package: str, patience: float) -> Any:
    """Run a command that only looks, and return the JSON that it prints within `patience` seconds.

    Raises CouldNotRead where it is not installed, does not end in time, or prints something else.
    """
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C"},
            timeout=patience,
            check=False,
        )
    except FileNotFoundError:
        hint = f"Install the package {package}, or run this on the host that has it."
        raise CouldNotRead(f"{command[0]} is not installed", hint) from None
    except PermissionError:
        raise CouldNotRead(f"{command[0]} may not be run by this user") from None
    except subprocess.TimeoutExpired:
        raise CouldNotRead(f"{command[0]} gave no answer within {patience:.2g} s") from None
    return _parsed(done, command)


def _parsed(done: subprocess.CompletedProcess[bytes], command: Sequence[str]) -> Any:
    try:
        told = json.loads(done.stdout)
    except ValueError:
        told = None
    if isinstance(told, dict) and told.get("_ERROR"):
        raise CouldNotRead(f"{command[0]} says: {'; '.join(map(str, told['_ERROR']))}", _hint(command))
    if done.returncode or told is None:
        said = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise CouldNotRead(f"{command[0]} ended with {done.returncode}: {said or 'without a word'}", _hint(command))
    return told


def _hint(command: Sequence[str]) -> str:
    return f"See what it says: {' '.join(command)}"
