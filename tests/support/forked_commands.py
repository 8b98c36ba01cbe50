"""Commands that start at once: each is forked from a process that has imported what commands import, and no more.

A command so started is a process of its own, as `python manage.py …` is: it has the environment, folder and streams
that it was given, reads its settings itself, gets real signals, and ends with its own exit code. What only a new
interpreter can read, the variables PYTHON… and modules in place of those that are imported already, is given one:
`may_fork` says where.

`python -m tests.support.forked_commands NUMBER` is the process that forks. Through the socket of that number comes,
for each command, a JSON object with the file descriptors of its streams and of a pipe, on which its process's number
is answered, and when it has ended its exit code (minus the signal's number where one ended it).
"""

from __future__ import annotations

import array
import atexit
import gc
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
STREAMS = 3
ANSWER = struct.Struct("!i")
NOT_WRITTEN = 120
"""An interpreter's exit code where the last of what it said could not be written."""
IMPORTED = (
    "environ",
    "logging.config",
    "django.contrib.postgres.operations",
    "django.core.cache.backends.locmem",
    "django.core.management.commands.makemigrations",
    "django.core.management.commands.migrate",
    "django.core.management.commands.showmigrations",
    "django.db.backends.postgresql.base",
    "django.template.defaulttags",
    "django.utils.translation.trans_null",
    "django.views.csrf",
    "django.views.debug",
    "django.views.generic",
    "ehr.databases",
    "rich.console",
    "rich.live",
    "rich.progress",
    "rich.table",
)
"""What commands import, beside the modules of `migrations_safety`."""
OF_A_CHILD = "migrations_safety.measurement.scratch_settings"
"""Settings of a process that a measurement starts: they are read from its environment."""


def may_fork(variables: dict[str, str]) -> bool:
    """False where these variables say what only a new interpreter reads."""
    if any(name.startswith(("PYTHON", "LANG", "LC_")) and name != "PYTHONPATH" for name in variables):
        return False
    folders = [Path(one) for one in variables.get("PYTHONPATH", "").split(os.pathsep) if one]
    return all(folder.is_dir() and _imported_already().isdisjoint(_names(folder)) for folder in folders)


def _imported_already() -> set[str]:
    return {*sys.stdlib_module_names, *(name.split(".")[0] for name in IMPORTED), "migrations_safety", "psycopg",
            "ehr", "patients", "sqlparse", "asgiref", "sitecustomize", "usercustomize"}  # fmt: skip


def _names(folder: Path) -> set[str]:
    return {one.name.split(".")[0] for one in folder.iterdir()}


def send(to: socket.socket, task: dict[str, Any], descriptors: list[int]) -> None:
    """One command, as `serve` reads it."""
    body = json.dumps(task).encode()
    socket.send_fds(to, [struct.pack("!I", len(body))], descriptors)
    to.sendall(body)


def serve(source: socket.socket) -> None:
    """Fork for each task; returns in the processes that become a command, which has its streams, and at the end."""
    while task := _receive(source):
        arguments, streams, answers = task
        if not os.fork():
            _keep(source, streams, answers)
            become(arguments)
            return
        for descriptor in (*streams, answers):
            os.close(descriptor)


def _receive(source: socket.socket) -> tuple[dict[str, Any], list[int], int] | None:
    """A task, the descriptors of its streams and of the pipe for the answers; None where nobody asks any more."""
    size = array.array("i").itemsize
    header, ancillary, _, _ = source.recvmsg(4, socket.CMSG_LEN((STREAMS + 1) * size))
    if not header:
        return None
    descriptors = array.array("i", ancillary[0][2])
    body, length = b"", struct.unpack("!I", header)[0]
    while len(body) < length:
        body += source.recv(length - len(body))
    return json.loads(body), list(descriptors[:STREAMS]), descriptors[STREAMS]


def _keep(source: socket.socket, streams: list[int], answers: int) -> None:
    """Fork once more: the parent tells number and exit code and ends here; the child returns with its streams."""
    source.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if process := os.fork():
        for descriptor in streams:
            os.close(descriptor)
        with suppress(BrokenPipeError):
            os.write(answers, ANSWER.pack(process))
            os.write(answers, ANSWER.pack(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])))
        os._exit(0)
    os.close(answers)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    for descriptor in streams:
        os.close(descriptor)


def become(task: dict[str, Any]) -> None:
    """Let this process be as a new interpreter would be that was given this task."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup make test` would have it ignored
    os.environ.clear()
    os.environ.update(task["environment"])
    sys.path[1:1] = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    sys.argv = [str(ROOT / "manage.py"), *task["arguments"]]
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(os.fdopen(0, "rb", closefd=False))  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _writer(1, errors="strict", by_line=os.isatty(1))  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _writer(2, errors="backslashreplace", by_line=True)  # type: ignore[misc]


def _writer(number: int, *, errors: str, by_line: bool) -> io.TextIOWrapper:
    binary = os.fdopen(number, "wb", closefd=False)
    encoding = getattr(sys.__stdout__, "encoding", None)
    return io.TextIOWrapper(binary, encoding=encoding, errors=errors, line_buffering=by_line)


def warm_up() -> None:
    """Import; no setting is read, no connection made."""
    import migrations_safety

    ours = [one.name for one in pkgutil.walk_packages(migrations_safety.__path__, "migrations_safety.")]
    for module in (*IMPORTED, *(one for one in ours if one != OF_A_CHILD)):
        import_module(module)
    gc.collect()
    gc.freeze()
    gc.disable()  # a command is short, and a fifth of its time would go into looking for what it will not live to need


def save_what_is_measured() -> None:
    """Under coverage, save what the imports have reached: each command would save it again."""
    if coverage := sys.modules.get("coverage"):
        measured = coverage.Coverage.current()
        if measured:
            measured.save()


def run() -> NoReturn:
    """Run manage.py and end as an interpreter does, but for clearing its memory.

    What was imported before the fork would be copied, page by page, only to be thrown away: three quarters of the time
    of a short command.
    """
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = _exit_code(end)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # threads that are no daemons are waited for
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = NOT_WRITTEN
    os._exit(code)


def _exit_code(end: SystemExit) -> int:
    """A text is printed, as an interpreter does."""
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return 1


if __name__ == "__main__":
    warm_up()
    save_what_is_measured()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])))
    if sys.argv[0] == str(ROOT / "manage.py"):
        run()
