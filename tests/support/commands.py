"""`python manage.py …` as a process of its own, so that exit codes, stdout and stderr are the real ones."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from tests.support import forked_commands
from tests.support.forked_commands import ROOT


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


class ForksGone(AssertionError):
    """The process that forks commands, or the one that waits for this command, has ended: nobody knows how it went."""


class Forks:
    """The process that forks commands for this one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.environment = environment()
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forked_commands", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self.end)

    def may_start(self, wanted: Mapping[str, str]) -> bool:
        """False where this environment has what only a new interpreter reads."""
        others = {name: wanted.get(name, "") for name, _ in self.environment.items() ^ wanted.items()}
        return forked_commands.may_fork(others)

    def start(self, arguments: tuple[str, ...], variables: dict[str, str], streams: list[int]) -> int:
        """Fork; the descriptor on which process number and exit code are told."""
        answers, theirs = os.pipe()
        try:
            with self.lock:
                task = {"arguments": arguments, "environment": variables}
                forked_commands.send(self.socket, task, [*streams, theirs])
        except OSError as error:
            os.close(answers)
            raise ForksGone(str(error)) from error
        finally:
            os.close(theirs)
        return answers

    def end(self) -> None:
        self.socket.close()
        self.process.wait()


@cache
def forks_of(owner: int) -> Forks:
    """The one of this process; a forked child gets its own."""
    return Forks()


class Running:
    """A forked command, used as a `subprocess.Popen` is: its streams are pipes, or a file for both."""

    def __init__(
        self, *arguments: str, variables: dict[str, str], log: IO[str] | None = None, forks: Forks | None = None
    ) -> None:
        self.args = command(*arguments)
        self.returncode: int | None = None
        self.stdout, out = (None, log.fileno()) if log else _pipe()
        self.stderr, err = (None, log.fileno()) if log else _pipe()
        with Path(os.devnull).open() as nothing:
            streams = [nothing.fileno(), out, err]
            try:
                answers = (forks or forks_of(os.getpid())).start(arguments, variables, streams)
            finally:
                for one in () if log else (out, err):
                    os.close(one)
        self._answers = answers
        self.pid = self._answer()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind:
            self.kill()
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()
        self.wait()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.wait() if self.returncode is None and self.ends_within(0) else self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not self.ends_within(timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = self._answer()
            os.close(self._answers)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it says from here to its end; TimeoutExpired where that does not come."""
        end = None if timeout is None else time.monotonic() + timeout
        said: dict[IO[str], str] = {}
        readers = [
            threading.Thread(target=lambda at=at: said.update({at: at.read()}), daemon=True)
            for at in (self.stdout, self.stderr)
            if at
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if end is None else max(0, end - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if end is None else max(0, end - time.monotonic()))
        return tuple(said[at] if at else "" for at in (self.stdout, self.stderr))  # type: ignore[return-value]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def ends_within(self, seconds: float | None) -> bool:
        """True where it has ended by then."""
        return bool(select.select([self._answers], [], [], seconds)[0])

    def _answer(self) -> int:
        answer = os.read(self._answers, forked_commands.ANSWER.size)
        if not answer:
            raise ForksGone(f"{self.args}: nobody knows how it ended")
        return int(forked_commands.ANSWER.unpack(answer)[0])


def _pipe() -> tuple[IO[str], int]:
    reading, writing = os.pipe()
    return os.fdopen(reading), writing


Command = Running | subprocess.Popen[str]


def environment(**variables: str) -> dict[str, str]:
    """Ours, without anything that names a database, and with the given variables."""
    names = ("PG", "DATABASE_URL", "EHR_", "DJANGO_", "COLUMNS", "NO_COLOR", "FORCE_COLOR")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return clean | variables


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def manage(*arguments: str, timeout: float = 240, **variables: str) -> Result:
    """Run one command to its end."""
    with start(*arguments, **variables) as running:
        try:
            out, err = running.communicate(timeout=timeout)
        except BaseException:
            running.kill()
            raise
    assert running.returncode is not None
    return Result(code=running.returncode, out=out, err=err)


def start(*arguments: str, **variables: str) -> Command:
    """Start one command; the caller ends it (`with` waits for it)."""
    wanted = environment(**variables)
    if forks_of(os.getpid()).may_start(wanted):
        return Running(*arguments, variables=wanted)
    return start_afresh(*arguments, **variables)


def start_afresh(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """The same in a new interpreter, as a person starts it."""
    return subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_signals,
    )


def listen_to_signals() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and nohup to SIGHUP: children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
