"""The app `ward` in this process: a plan is looked at, and then plain Django does it; the database is the judge."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings

from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import PrecheckReport
from tests.support.sample_app import SampleApp


@dataclass
class Ward:
    """A database, Django's connection to it, and the throwaway app whose migrations are written into a folder."""

    database: Any
    connection: Any
    app: SampleApp
    last: str = ""

    def migration(self, operations: str, *, before: str = "", atomic: bool = True, accepts: str = "") -> str:
        """The next migration."""
        name = f"{len(self.app.migrations) + 1:04}_step"
        after = ("ward", self.last) if self.last else None
        self.app.migration(name, operations, after=after, before=before, atomic=atomic, accepts=accepts)
        self.last = name
        forget_modules()
        return name

    def starts_with(self, operations: str, rows: str = "") -> None:
        """What is applied and there, rows too, before the plan."""
        self.migration(operations)
        assert self.apply() is None
        if rows:
            self.database.execute(rows)

    def look(self, **options: Any) -> PrecheckReport:
        """What precheck says of what is pending."""
        return precheck.run(using="default", options=PrecheckOptions(app_label="ward", **options))

    def apply(self) -> DatabaseError | None:
        """Plain Django's migrate, without anything of ours; the database's error where it fails."""
        executor = MigrationExecutor(self.connection)
        try:
            executor.migrate([("ward", self.last)])
        except DatabaseError as error:
            return error
        return None


@contextmanager
def ward_installed(folder: Path, database: Any, connection: Any) -> Iterator[Ward]:
    """The app is installed as long as the context lasts."""
    app = SampleApp(folder)
    sys.path.insert(0, str(folder))
    forget_modules()
    try:
        with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, "ward"]):
            yield Ward(database, connection, app)
    finally:
        sys.path.remove(str(folder))
        forget_modules()


def forget_modules() -> None:
    """The next import reads the files again."""
    for name in [one for one in sys.modules if one == "ward" or one.startswith("ward.")]:
        del sys.modules[name]
    importlib.invalidate_caches()
