"""A program that encrypts is given up where it hangs, and named where it fails."""

import io
import os
from pathlib import Path

import pytest

from migrations_safety.backup import encryption
from migrations_safety.backup.dump import pour
from migrations_safety.backup.encryption import encryption_to
from migrations_safety.messages.refusals.backup import NoBackup


@pytest.fixture
def age(tmp_path, monkeypatch):
    """Gives an `age` of that text, on PATH before all others."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(encryption, "SECONDS_TO_TRY", 0.3)

    def write(text):
        (tmp_path / "age").write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "age").chmod(0o755)

    return write


def test_a_program_that_hangs_at_its_first_word(age):
    age("exec sleep 60")

    with pytest.raises(NoBackup, match=r"age did not encrypt a word within 0.3 s"):
        encryption_to("age1x")


def test_a_program_that_refuses_its_recipient(age):
    age("exit 1")

    with pytest.raises(NoBackup, match='age cannot encrypt to "age1x"'):
        encryption_to("age1x")


def test_a_pipe_of_which_nothing_comes_any_more():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as silent:
        silent.write(b"some")
        silent.flush()
        written = io.BytesIO()

        with pytest.raises(NoBackup, match=r"nothing came of the program that encrypts it for 0.1 s"):
            pour(source, written, at=Path("/"), look=lambda: None, silence=0.1)

    assert written.getvalue() == b"some"
