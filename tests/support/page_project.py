"""A Django project that a page describes, in a folder of its own, run with this checkout's `migrations_safety`."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.cluster import Database
from tests.support.commands import ROOT, Result, environment
from tests.support.pages import Block, Command, File, Sql

SETTINGS = """\
import os
from ehr.databases import from_environment
INSTALLED_APPS = ["migrations_safety", *os.environ["APPS"].split()]
DATABASES = from_environment(os.environ)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
MANAGE = """\
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageProject:
    """The project with one app, on a database."""

    folder: Path
    database: Database
    app: str

    def __post_init__(self) -> None:
        (self.folder / "project_settings.py").write_text(SETTINGS)
        (self.folder / "manage.py").write_text(MANAGE)
        File(path=f"{self.app}/migrations/__init__.py", text="", added=False, variant=None).write(self.folder)

    def type(self, command: str) -> Result:
        """Run one line, `python manage.py …`."""
        python, *words = shlex.split(command)
        assert python == "python"
        variables = environment(
            DATABASE_URL=self.database.url, DJANGO_SETTINGS_MODULE="project_settings", PYTHONPATH=str(ROOT),
            PYTHONDONTWRITEBYTECODE="1", APPS=self.app,
        )  # fmt: skip
        done = subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=variables, capture_output=True, text=True, timeout=120
        )
        return Result(code=done.returncode, out=done.stdout, err=done.stderr)

    def follow(self, blocks: Iterable[Block]) -> list[Result]:
        """Write each file, run each statement and command; what each command said. It ends with the page's code."""
        told = []
        for block in blocks:
            match block:
                case File():
                    block.write(self.folder)
                case Sql(text=text):
                    self.database.execute(text)
                case Command(text=text, code=code):
                    told.append(self.type(text))
                    assert told[-1].code == code, f"{text}: {told[-1].code}\n{told[-1].said}"
        return told
