"""SIGTERM and SIGHUP end a command as Ctrl-C does: the transaction is rolled back and the end is recorded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

EXIT_CODE_OF_SIGNALS = 128
"""A command that signal N ended has the exit code 128 + N, as in a shell."""


class EndedBySignal(KeyboardInterrupt):
    """A signal asked the process to end; psycopg cancels the running statement, as it does for Ctrl-C."""

    def __init__(self, number: int) -> None:
        self.exit_code = EXIT_CODE_OF_SIGNALS + number
        super().__init__()


@contextmanager
def stop_signals_raise() -> Iterator[None]:
    """A context in which SIGTERM and SIGHUP raise EndedBySignal in the main thread.

    Without a handler these signals end the process at once. The server then continues its statement, and the record of
    runs gets no event for the end. If the process is the first one of a container, Linux even drops signals that have
    no handler. A signal that already has another handler, or that is ignored (`nohup`), is left as it is.
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
