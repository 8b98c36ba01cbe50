"""A throwaway Django app in a folder of its own, beside the hospital's: for migrations that the project has not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

SETTINGS = "from ehr.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, 'ward']\n"
MIGRATION = """
from django.db import migrations, models
import datetime, migrations_safety.operations, migrations_safety.constraints, migrations_safety.fields
{before}

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = {dependencies}
    operations = [{operations}]
    from migrations_safety.acceptances import AcceptedFinding
    accepted_findings = [{accepts}]
"""


@dataclass
class SampleApp:
    """The app `ward` in `folder`; `variables` are what a command needs in its environment to have it installed."""

    folder: Path

    def __post_init__(self) -> None:
        self.write("ward_settings.py", SETTINGS)
        self.write("ward/__init__.py", "")
        self.write("ward/migrations/__init__.py", "")
        self.models("")

    @property
    def variables(self) -> dict[str, str]:
        return {"DJANGO_SETTINGS_MODULE": "ward_settings", "PYTHONPATH": str(self.folder)}

    @property
    def migrations(self) -> dict[str, str]:
        """The migrations by name, with their text."""
        found = sorted((self.folder / "ward" / "migrations").glob("0*.py"))
        return {one.stem: one.read_text() for one in found}

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    def models(self, text: str) -> None:
        head = "from django.db import models\nfrom migrations_safety.constraints import ForeignKeyConstraint\n"
        self.write("ward/models.py", head + dedent(text))

    def migration(
        self,
        name: str,
        operations: str,
        *,
        after: tuple[str, str] | None = None,
        atomic: bool = True,
        before: str = "",
        accepts: str = "",
    ) -> None:
        """One migration from the text of its operations and of what it accepts; `before` stands above the class."""
        words = {
            "operations": operations,
            "atomic": atomic,
            "dependencies": [after] if after else [],
            "before": dedent(before),
            "accepts": accepts,
        }
        self.write(f"ward/migrations/{name}.py", MIGRATION.format(**words))

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Installed in this process, as its files are now."""
        from django.apps import apps
        from django.conf import settings
        from django.test import override_settings

        sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        try:
            with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "ward"]):
                yield
        finally:
            sys.path.remove(str(self.folder))
            for name in [one for one in sys.modules if one.partition(".")[0] == "ward"]:
                del sys.modules[name]
            apps.all_models.pop("ward", None)
