"""Another tool is asked for its JSON in bounded time, and what it has started ends with it."""

import time

import pytest

from migrations_safety.backup.evidence.told_json import told_json
from migrations_safety.backup.evidence.values import CouldNotRead


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Gives a program of that text, on PATH before all others."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def write(text, mode=0o755):
        file = tmp_path / "hangs"
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(mode)
        return file

    return write


def test_a_tool_that_hangs_is_ended_with_what_it_has_started(tool, tmp_path):
    tool(f"(sleep 1; touch {tmp_path}/alive) & sleep 60")
    began = time.monotonic()

    with pytest.raises(CouldNotRead, match=r"hangs gave no answer within 0.2 s"):
        told_json(["hangs"], package="any", patience=0.2)

    assert time.monotonic() - began < 30
    time.sleep(1.2)
    assert not (tmp_path / "alive").exists()


def test_a_tool_that_is_not_there_or_may_not_be_run(tool):
    with pytest.raises(CouldNotRead, match="missing is not installed here"):
        told_json(["missing"], package="any", patience=1)
    tool("", mode=0o600)
    with pytest.raises(CouldNotRead, match="this user may not run it"):
        told_json(["hangs"], package="any", patience=1)


def test_what_a_tool_says(tool):
    tool("echo '{\"a\": 1}'")
    assert told_json(["hangs"], package="any", patience=10) == {"a": 1}

    tool("echo 'no stanza' >&2; exit 3")
    with pytest.raises(CouldNotRead, match="hangs ended with 3: no stanza"):
        told_json(["hangs"], package="any", patience=10)
