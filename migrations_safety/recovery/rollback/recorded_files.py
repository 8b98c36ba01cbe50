"""Gives Django the files of applied migrations that are gone, from the record of runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module, reload
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from migrations_safety.audit.run_log import recorded_sources
from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.messages.refusals.recovery import SourceNotUsable
from migrations_safety.plan.migration_sources import package_of, sources_of, with_files
from migrations_safety.postgresql.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedFiles:
    """What became of the files of the applied migrations; migrations are named by label."""

    used: tuple[str, ...] = ()
    """Migrations whose file is gone and whose recorded source is used."""
    gone: tuple[str, ...] = ()
    """Migrations whose file is gone and whose source nobody has recorded."""
    changed: tuple[str, ...] = ()
    """Migrations whose file differs from the recorded source."""

    def of_plan(self, app_label: str, falls: bool) -> RecordedFiles:
        """Return these without the gone files of other apps, which have nothing to do with the rollback of this app.

        They have where something of another table would fall with those that go (`falls`), such as a foreign key.
        """
        return self if falls else replace(self, gone=tuple(one for one in self.gone if _app(one) == app_label))


@contextmanager
def recorded_files(connection: Connection) -> Iterator[RecordedFiles]:
    """Let Django find applied migrations of installed apps whose files are gone, for the length of the block.

    Raises SourceNotUsable where such a source cannot be loaded.
    """
    # Django builds the graph of migrations later: where a file in the middle is gone, it raises an error.
    loader: Any = MigrationLoader(connection, load=False)
    loader.load_disk()
    applied = list(MigrationRecorder(connection).applied_migrations())
    sources = recorded_sources(connection)
    missing = _missing(loader, applied)
    used = [label for label in missing if label in sources]
    found = RecordedFiles(
        used=tuple(used),
        gone=tuple(label for label in missing if label not in sources),
        changed=tuple(_changed(loader, applied, sources)),
    )
    if not used:
        yield found
        return
    with own_folder() as folder, with_files(_written(folder, {label: sources[label] for label in used})):
        replaced = {replaced for label in used for replaced in _replaced(_load(label))}
        yield replace(found, gone=tuple(label for label in found.gone if label not in replaced))


def _app(label: str) -> str:
    return label.partition(".")[0]


def _missing(loader: Any, applied: Iterable[tuple[str, str]]) -> list[str]:
    """The applied migrations of installed apps that have no file; a squashed migration stands for those it replaces."""
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    installed = {config.label for config in apps.get_app_configs()}
    return [
        f"{app}.{name}"
        for app, name in applied
        if app in installed and package_of(app) and (app, name) not in {*loader.disk_migrations, *replaced}
    ]


def _changed(loader: Any, applied: Iterable[tuple[str, str]], sources: Mapping[str, str]) -> Iterator[str]:
    there = [f"{app}.{name}" for app, name in applied if (app, name) in loader.disk_migrations]
    for label, text in sources_of(there).items():
        if label in sources and sources[label] != text:
            yield label


def _written(folder: Path, sources: Mapping[str, str]) -> dict[str, Path]:
    """Write each source as a file into the folder of its app; return these folders by package."""
    folders: dict[str, Path] = {}
    for label, text in sources.items():
        app, _, name = label.partition(".")
        own = folder / app
        own.mkdir(exist_ok=True)
        (own / "__init__.py").touch()
        (own / f"{name}.py").write_text(text, encoding="utf-8")
        folders[str(package_of(app))] = own
    return folders


def _replaced(module: Any) -> list[str]:
    """Return the labels of the migrations that a squashed one stands for, which need no file."""
    return [f"{app}.{name}" for app, name in module.Migration.replaces]


def _load(label: str) -> Any:
    """Import a migration, to say which one cannot be loaded; Django would say it without a name."""
    app, _, name = label.partition(".")
    package = str(package_of(app))
    try:
        reload(import_module(package))
        return import_module(f"{package}.{name}")
    except Exception as error:
        raise SourceNotUsable(migration=label, error=type(error).__name__) from error
