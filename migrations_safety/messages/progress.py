"""Shows the progress of a command: a bar on a terminal, plain lines elsewhere, nothing with --no-progress."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

SECONDS_BETWEEN_LINES = 5


class Progress:
    """Shows nothing. It is the base class of the other two, and used as it is with `--no-progress`."""

    def say(self, sentence: str) -> None:
        """Show one sentence about what happens next."""

    @contextmanager
    def busy(self, sentence: str) -> Iterator[None]:
        """Show a sentence while the block does work of unknown length."""
        self.say(sentence)
        yield

    @contextmanager
    def steps(self, label: str, *, total: int) -> Iterator[Any]:
        """Show the progress of work with `total` units.

        The block gets a function, and calls it with the number of units that are done so far.
        """
        yield lambda done: None


class PlainProgress(Progress):
    """Writes lines of text, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def say(self, sentence: str) -> None:
        """Write the sentence as one line."""
        print(sentence, file=self.stream, flush=True)

    @contextmanager
    def steps(self, label: str, *, total: int) -> Iterator[Any]:
        """Write a line at the start, one every few seconds, and one at the end."""
        last = time.monotonic()
        self.say(f"{label}: {total:,}")

        def advance(done: int) -> None:
            nonlocal last
            if time.monotonic() - last >= SECONDS_BETWEEN_LINES or done >= total:
                last = time.monotonic()
                self.say(f"{label}: {done:,} of {total:,}")

        yield advance


class TerminalProgress(PlainProgress):
    """Draws a bar with an estimate of the time that is left."""

    @contextmanager
    def busy(self, sentence: str) -> Iterator[None]:
        """Show a spinner that disappears when the work is done."""
        from rich.console import Console

        with Console(file=self.stream).status(sentence):
            yield

    @contextmanager
    def steps(self, label: str, *, total: int) -> Iterator[Any]:
        """Show a bar that disappears when the work is done."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=Console(file=self.stream), transient=True) as bar:
            task = bar.add_task(label, total=total)
            yield lambda done: bar.update(task, completed=done)


def progress_on(stream: TextIO, *, wanted: bool) -> Progress:
    """Return the kind of progress that fits the stream; if it is not `wanted`, one that shows nothing."""
    if not wanted:
        return Progress()
    return TerminalProgress(stream) if stream.isatty() else PlainProgress(stream)
