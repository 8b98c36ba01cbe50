"""Management commands of other apps with the same name as a command of this app.

Of several commands with one name, Django runs that of the app that comes first in INSTALLED_APPS.
"""

from __future__ import annotations

from argparse import ArgumentError
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import find_commands, load_command_class

OURS = "migrations_safety"


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherCommand:
    """A management command of another app: the name of the app, and the class of the command."""

    app: str
    kind: Any


def following(name: str) -> OtherCommand | None:
    """The first command of this name in an app after migrations_safety in INSTALLED_APPS; None where there is none."""
    names = _names()
    return _first(names[names.index(OURS) + 1 :] if OURS in names else [], name)


def preceding(name: str) -> OtherCommand | None:
    """The command of this name in an app before migrations_safety, which Django runs; None where there is none."""
    names = _names()
    return _first(names[: names.index(OURS)] if OURS in names else [], name)


def built_on_next(name: str, ours: Any, core: Any) -> Any:
    """Return a command class that inherits from `ours` and from the command of the next app with this name.

    Return `ours` alone where the next app has no such command, where its command is no subclass of `core` (Django's
    command), and where both commands define the same option. Where the other command already inherits from `ours`,
    return the other command.
    """
    next_one = following(name)
    if next_one is None or not is_built_on(next_one, core):
        return ours
    if is_built_on(next_one, ours):
        return next_one.kind
    together = _together(ours, next_one.kind)
    try:
        together().create_parser("manage.py", name)
    except ArgumentError:
        return ours
    return together


def is_built_on(other: OtherCommand, kind: Any) -> bool:
    """Whether the command of the other app is a subclass of `kind`."""
    return isinstance(other.kind, type) and issubclass(other.kind, kind)


def our_command(name: str) -> type:
    """The command class that Django finds in this app, which inherits from the next app's command where possible."""
    return type(load_command_class(OURS, name))


def is_ours(kind: Any) -> bool:
    """Whether a command class is that of this app or a subclass of it; its `is_of_migrations_safety` is then True."""
    return getattr(kind, "is_of_migrations_safety", False)


@cache
def _together(ours: Any, theirs: Any) -> Any:
    words = {"__module__": ours.__module__, "__doc__": f"{ours.__doc__} Built on {theirs.__module__}."}
    return type("Command", (ours, theirs), words)


def _names() -> list[str]:
    return [config.name for config in apps.get_app_configs()]


def _first(names: Iterable[str], command: str) -> OtherCommand | None:
    for name in names:
        (config,) = (one for one in apps.get_app_configs() if one.name == name)
        if command in find_commands(str(Path(config.path) / "management")):
            module = import_module(f"{name}.management.commands.{command}")
            if kind := getattr(module, "Command", None):  # a module that imports this app's command has none as yet
                return OtherCommand(app=name, kind=kind)
    return None
