"""Reads what `diagnose` says."""

from __future__ import annotations

from typing import Any


def diagnosed(database: Any, **words: Any) -> Any:
    """Run `diagnose` and return its result; it has to have looked."""
    result = database.run("diagnose", "--format", "json", **words)
    assert result.code in (0, 1), result.said
    return result


def found(result: Any) -> dict[str, Any]:
    """The findings by id and subject."""
    return {f"{one['id']} {one['subject']}": one for one in result.json["findings"]}


def commands(steps: list[dict[str, Any]]) -> list[str]:
    """The commands of the next steps, without what selects the database."""
    words = [one["command"].removeprefix("python manage.py ") for one in steps if one["command"]]
    return [one.split(" --expect")[0] for one in words]


def ids(result: Any) -> set[str]:
    """The ids of all findings."""
    return {one["id"] for one in result.json["findings"]}


def one(result: Any, id: str) -> dict[str, Any]:
    """The only finding of an id."""
    single: dict[str, Any]
    (single,) = [each for each in result.json["findings"] if each["id"] == id]
    return single


def state(result: Any, name: str) -> str:
    """What is said of one area."""
    return str(next(area["state"] for area in result.json["areas"] if area["name"] == name))
