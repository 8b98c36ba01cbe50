"""Commands of other apps under the names of ours: of several Django takes the one of the app that comes first."""

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
    """Another app's command: the app's name, and the class."""

    app: str
    kind: Any


def following(name: str) -> OtherCommand | None:
    """The command that Django would take without us."""
    names = _names()
    return _first(names[names.index(OURS) + 1 :] if OURS in names else [], name)


def preceding(name: str) -> OtherCommand | None:
    """The command that Django takes instead of ours."""
    names = _names()
    return _first(names[: names.index(OURS)] if OURS in names else [], name)


def built_on_next(name: str, ours: Any, core: Any) -> Any:
    """Our class on top of the next app's, which stays at work; ours alone where that cannot be.

    It cannot where the other one is not built on Django's, or has options of the same names as ours.
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
    """Whether another app's command is a subclass of the given one."""
    return isinstance(other.kind, type) and issubclass(other.kind, kind)


def our_command(name: str) -> type:
    """The class that Django finds in this app, built on the next app's where that can be."""
    return type(load_command_class(OURS, name))


def is_ours(kind: Any) -> bool:
    """Whether a command does what ours does: it is ours, or built on it (`is_of_migrations_safety` says so)."""
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
            if kind := getattr(module, "Command", None):  # it has none while it is being imported: it is built on ours
                return OtherCommand(app=name, kind=kind)
    return None
