"""Reads the source text of migrations, for the record of runs, and lets Django find migrations whose files are gone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import decode_source, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from django.db.migrations.loader import MigrationLoader

VARIABLE = "MIGRATIONS_SAFETY_RECORDED_FILES"
"""The environment variable that tells a child process where the files of gone migrations are, as JSON."""


def package_of(app_label: str) -> str | None:
    """Return the dotted name of the package with the migrations of an installed app; None where it has none."""
    return MigrationLoader.migrations_module(app_label)[0]


def sources_of(labels: Iterable[str]) -> dict[str, str]:
    """Return the source text of the migrations with these labels, which Django has loaded before.

    A migration is left out where there is no text: it exists as bytecode alone, or was made in memory.
    """
    found = {}
    for label in labels:
        app, _, name = label.partition(".")
        with suppress(Exception):  # a loader of another project may raise any error
            module: Any = sys.modules[f"{package_of(app)}.{name}"]
            if not module.__file__.endswith(".pyc"):
                found[label] = decode_source(module.__loader__.get_data(module.__file__))
    return found


@contextmanager
def with_files(folders: Mapping[str, Path]) -> Iterator[None]:
    """Let Django, also in child processes, find further migrations: for each package those in a folder."""
    finder = _Finder({package: str(folder) for package, folder in folders.items()})
    sys.meta_path.insert(0, finder)
    os.environ[VARIABLE] = json.dumps(finder.folders)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        del os.environ[VARIABLE]


def find_files_of_parent() -> None:
    """In a child process, find the migrations that the parent process has found in folders of its own."""
    if told := os.environ.get(VARIABLE):
        sys.meta_path.insert(0, _Finder(json.loads(told)))


class _Finder(MetaPathFinder):
    """Finds the packages of migrations with one more folder. Django loads a package anew each time it looks."""

    def __init__(self, folders: dict[str, str]) -> None:
        self.folders = folders

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return where a package is, with its further folder; None for any other module."""
        if fullname not in self.folders:
            return None
        folder = self.folders[fullname]
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.submodule_search_locations is None:
            file = Path(folder) / "__init__.py"
            return spec_from_file_location(fullname, file, submodule_search_locations=[folder])
        spec.submodule_search_locations = [*spec.submodule_search_locations, folder]
        return spec
