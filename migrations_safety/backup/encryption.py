"""Encrypts an archive for a recipient, with age or gpg; the plain archive has no name, and is gone with the process."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import IO

from migrations_safety.backup.destination import Destination
from migrations_safety.backup.dump import pour
from migrations_safety.backup.whole_file import whole_file
from migrations_safety.messages.refusals.backup import NoBackup
from migrations_safety.postgresql.guarded_program import guarded_program

AGE, GPG = "age", "gpg"
SECONDS_TO_TRY, SILENCE = 60, 300
"""How long the first word may take to be encrypted, and how long nothing may come of it later."""
OF_AGE = ("age1", "ssh-")
"""How the recipients of age begin; all others are keys of gpg."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encryption:
    """Who shall be able to read an archive, and the program that sees to it."""

    tool: str
    recipient: str
    path: str

    @property
    def command(self) -> list[str]:
        """The command that encrypts its input."""
        if self.tool == AGE:
            return [self.path, "--encrypt", "--recipient", self.recipient]
        quiet = [self.path, "--batch", "--no-tty", "--trust-model", "always", "--compress-algo", "none"]
        return [*quiet, "--encrypt", "--recipient", self.recipient]


def encryption_to(recipient: str | None) -> Encryption | None:
    """Return how to encrypt to a recipient, after a test; raises NoBackup where it cannot be done."""
    if recipient is None:
        return None
    tool = AGE if recipient.startswith(OF_AGE) else GPG
    path = shutil.which(tool)
    if path is None:
        raise NoBackup(f"{tool} is not installed here", hint=f"Install the package {tool}, or leave out --encrypt-to.")
    encryption = Encryption(tool=tool, recipient=recipient, path=path)
    with guarded_program(encryption.command, environment=dict(os.environ)) as program:
        if not program.ends_within(SECONDS_TO_TRY):
            raise NoBackup(f"{tool} did not encrypt a word within {SECONDS_TO_TRY} s", hint=f"Try it by hand: {tool}")
        if program.wait():
            hint = "Name a recipient of age (age1…, ssh-…), or a key that gpg --list-keys has."
            raise NoBackup(f'{tool} cannot encrypt to "{recipient}"', hint=hint)
    return encryption


def encrypt(source: Path, destination: Destination, encryption: Encryption) -> tuple[Path, int, str]:
    """Write the encrypted file, whole or not at all; return its path, its size and its SHA-256, made while writing."""
    with whole_file(destination.path) as file, source.open("rb") as plain:
        with (
            ThreadPoolExecutor(1) as thread,  # outside: after an error the program ends first, and with it the feeding
            guarded_program(encryption.command, environment=dict(os.environ), stdin=PIPE, stdout=PIPE) as program,
        ):
            assert program.process.stdin is not None
            feeding = thread.submit(_feed, plain, program.process.stdin)
            bytes, sha256 = pour(
                program.stdout, file.stream, at=destination.path.parent, look=_nothing, silence=SILENCE
            )
            failed, code = feeding.exception(), program.wait()
            if code or failed:
                raise NoBackup(f"{encryption.tool} ended with {code}") from failed
        return destination.take(file.appear), bytes, sha256


def _feed(source: IO[bytes], sink: IO[bytes]) -> None:
    with sink:
        shutil.copyfileobj(source, sink, 1024 * 1024)


def _nothing() -> None:
    """Show no progress: encrypting is short beside the dump."""
