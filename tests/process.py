"""`python manage.py …` as a process of its own, so that exit codes, stdout and stderr are the real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Both streams, for searches."""
        return self.out + self.err


def environment(**variables: str) -> dict[str, str]:
    """Ours, without anything that names a database, and with the given variables."""
    names = ("PG", "DATABASE_URL", "EHR_", "DJANGO_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return clean | variables


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def manage(*arguments: str, timeout: float = 120, **variables: str) -> Result:
    """Run one command to its end."""
    done = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start one command; the caller ends it (`with` waits for it)."""
    return subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )


def listen_to_ctrl_c() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and children inherit that; ours are not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
