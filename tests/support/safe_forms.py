"""docs/safe-forms.md as it is carried out: each form is an app of its own, with an original and a safe form.

A block of Python says in its first line what it is: `# before`, `# imports`, `# original`, `# safe form, migration 1`.
A block of SQL says there for which moment it is.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.cluster import Database
from tests.support.commands import ROOT, environment
from tests.support.pages import FENCE

PAGE = ROOT / "docs" / "safe-forms.md"
SETTINGS = """\
import os
from ehr.settings import *
INSTALLED_APPS = [*os.environ.get("BESIDE", "").split(), *{apps}]
ROOT_URLCONF = None
"""
LOCKS = re.compile(r"^(?:LOCKS|\| migration \|.*\n(?:\|.*\n)+)", re.MULTILINE)
"""The table of locks of a form; LOCKS stands on the page until the table is written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SafeForm:
    """One heading of the page; `shop` in its code is the label of its app."""

    title: str
    label: str
    text: str

    @property
    def original(self) -> str:
        """The migration as one writes it first."""
        return self._blocks("python", "original")[0]

    @property
    def safe(self) -> list[str]:
        """The migrations of the safe form."""
        return self._blocks("python", "safe form")

    @property
    def of_running_release(self) -> list[str]:
        """The statements of the release that is running."""
        return self._blocks("sql", "the running release")

    @property
    def of_new_release(self) -> list[str]:
        """The statements of the new release, which work after either form."""
        return self._blocks("sql", "the new release")

    @property
    def refused(self) -> list[str]:
        """The statements that PostgreSQL refuses after either form."""
        return self._blocks("sql", "what both refuse")

    @property
    def end(self) -> str:
        """What the page says of the catalogs at the end."""
        found = re.search(r"^At the end: (.+)$", self.text, re.MULTILINE)
        assert found, self.title
        return found[1]

    @property
    def locks(self) -> str:
        """The table of locks."""
        found = LOCKS.search(self.text)
        assert found, self.title
        return found[0].strip()

    def _blocks(self, language: str, kind: str) -> list[str]:
        found = (text for of, text in FENCE.findall(self.text) if of == language)
        return [text.replace("shop", self.label) for text in found if re.match(rf"(?:#|--) {kind}", text)]


def forms() -> list[SafeForm]:
    """The forms of the page, in its order."""
    _, *sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    shown = [one for one in sections if "# original" in one]
    return [
        SafeForm(title=one.partition("\n")[0], label=f"shop{number}", text=one) for number, one in enumerate(shown, 1)
    ]


def shared(kind: str) -> str:
    """The block that all forms begin with: `before` or `imports`."""
    [found] = [text for _, text in FENCE.findall(PAGE.read_text()) if text.startswith(f"# {kind}\n")]
    return str(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shops:
    """A project with one app for each form, in a folder, on a database."""

    folder: Path
    database: Database

    def start(self, forms: Iterable[SafeForm]) -> None:
        """Write the settings and the apps, each with its first migration."""
        labels = [one.label for one in forms]
        (self.folder / "shop_settings.py").write_text(SETTINGS.format(apps=labels))
        for label in labels:
            for name in (label, f"{label}/migrations"):
                (self.folder / name).mkdir()
                (self.folder / name / "__init__.py").touch()
            (self.folder / label / "models.py").touch()
            self.migration(label, 1, shared("before").replace("shop", label))

    def migration(self, label: str, number: int, text: str) -> None:
        """Write a migration, which depends on the one before it."""
        dependencies = [(label, f"{number - 1:04}_next")] if number > 1 else []
        whole = f"{shared('imports')}\n\n{text}\n\nMigration.dependencies = {dependencies}\n"
        (self.folder / label / "migrations" / f"{number:04}_next.py").write_text(whole)

    def without(self, label: str, *, after: int) -> None:
        """Take the later migrations away."""
        for file in (self.folder / label / "migrations").glob("0*.py"):
            if int(file.name[:4]) > after:
                file.unlink()

    def run(self, *arguments: str, beside: str = "") -> str:
        """What a command of Django prints; `beside` are apps that it has besides."""
        variables: dict[str, Any] = self.database.variables() | {"BESIDE": beside, "PYTHONDONTWRITEBYTECODE": "1"}
        path = f"{self.folder}:{ROOT}"
        done = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=self.folder,
            env=environment(DJANGO_SETTINGS_MODULE="shop_settings", PYTHONPATH=path, **variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in ((0, 1) if arguments[0] == "precheck" else (0,)), done.stderr
        return done.stdout
