"""SIGTERM and SIGHUP end a command as Ctrl-C does: its transaction is rolled back and its end is recorded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

EXIT_CODE_OF_SIGNALS = 128
"""A command that signal N ended has the exit code 128 + N, as in a shell."""


class EndedBySignal(KeyboardInterrupt):
    """The process was asked to end; psycopg cancels the statement at work, as it does for Ctrl-C."""

    def __init__(self, number: int) -> None:
        self.exit_code = EXIT_CODE_OF_SIGNALS + number
        super().__init__()


@contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Meanwhile SIGTERM and SIGHUP raise EndedBySignal in the main thread.

    Without a handler they end the process at once: the server works on, and the record of runs has no end. As the
    first process of a container it would not even notice: Linux drops signals that process 1 has no handler for.
    A signal that somebody else handles or ignores (`nohup`) is left alone.
    """
    is_main = threading.current_thread() is threading.main_thread()
    wanted = (signal.SIGTERM, getattr(signal, "SIGHUP", None))
    numbers = [one for one in wanted if is_main and one and signal.getsignal(one) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _raise(number: int, _frame: Any) -> None:
    raise EndedBySignal(number)
