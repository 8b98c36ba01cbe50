"""Commands as processes that start at once: forked from one that has Django imported already.

`python -m tests.torture.forked` reads one JSON object a line (`arguments`, `url`, `log`: the file for both
streams), answers with the process's number, and with its exit code when it has ended (minus the signal's number
where one ended it).
"""

from __future__ import annotations

import gc
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.process import ROOT, environment


class Forked:
    """The process that forks; `with Forked() as forked: forked.start(…); forked.wait()`."""

    def __init__(self, *, id_type: str = "uuid") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.forked"],
            cwd=ROOT,
            env=environment(EHR_ID_TYPE=id_type, DJANGO_SETTINGS_MODULE="ehr.settings"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def start(self, *arguments: str, url: str, log: Path) -> int:
        """Start `manage.py …` on a database; its process's number."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"arguments": arguments, "url": url, "log": str(log)}) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def wait(self) -> int:
        """The exit code of what was started."""
        return int(self._line())

    def ended_within(self, seconds: float) -> bool:
        """True where what was started has ended by then."""
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def run(self, *arguments: str, url: str, log: Path) -> int:
        """Start, and wait for the exit code."""
        self.start(*arguments, url=url, log=log)
        return self.wait()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


def main() -> None:
    """Fork for each line of stdin."""
    warm_up()
    for line in sys.stdin:
        task = json.loads(line)
        process = os.fork()
        if not process:
            become(task)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def warm_up() -> None:
    """Import what a command needs; no connection is made."""
    import django

    django.setup()
    from importlib import import_module

    for module in (
        "django.db.backends.postgresql.base",
        "django.core.management.commands.migrate",
        "rich.console",
        "rich.table",
        "migrations_safety.rendering.text",
        "migrations_safety.rendering.json",
        "migrations_safety.management.commands.migrate",
        "migrations_safety.management.commands.backfill_placeholders",
        "django.db.migrations.autodetector",
        "ehr.migrations.0001_initial",
        "ehr.migrations.0002_patient_keys_not_valid",
        "ehr.migrations.0003_validate_patient_keys",
        "patients.migrations.0001_initial",
    ):
        import_module(module)
    gc.freeze()


def become(task: dict[str, Any]) -> None:
    """Turn this process into the command; it does not return."""
    code: Any = 3
    gc.disable()
    try:
        log = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        code = run(task["arguments"], task["url"])
    except SystemExit as error:
        code = error.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def run(arguments: list[str], url: str) -> int:
    """What manage.py does, on this database."""
    from django.conf import settings
    from django.db import connections

    import manage
    from ehr.databases import from_environment

    settings.DATABASES = from_environment({"DATABASE_URL": url})
    connections.databases["default"] = connections.configure_settings(settings.DATABASES)["default"]
    if hasattr(connections._connections, "default"):
        del connections["default"]  # the dummy that was made while no database was named
    sys.argv = ["manage.py", *arguments]
    manage.main()
    return 0


if __name__ == "__main__":
    main()
