"""From evidence to censuses: which questions to ask about the references that exist, one per parent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

from django.apps import apps

from migrations_safety import census
from migrations_safety.census import Census
from migrations_safety.checks.evidence import Evidence
from migrations_safety.checks.types import family
from migrations_safety.classes import Question
from migrations_safety.declarations import DeclaredKey
from migrations_safety.progress import Progress
from migrations_safety.reading import Reading
from migrations_safety.registry import PlaceholderMaker, maker_of


def count(
    connection: Any,
    evidence: Evidence,
    keys: Iterable[DeclaredKey],
    *,
    reading: Reading,
    progress: Progress,
    since: int | None = None,
) -> list[Census]:
    """Count the references, one statement per parent; `since` as in `Question`."""
    return [
        census.count(connection, replace(question, since=since), progress=progress)
        for question in questions(evidence, keys, reading=reading)
    ]


def questions(evidence: Evidence, keys: Iterable[DeclaredKey], *, reading: Reading) -> list[Question]:
    """One question per parent."""
    ordered = sorted(keys, key=_parent)
    return [_question(evidence, tuple(of_one), reading) for _, of_one in groupby(ordered, key=_parent)]


def _parent(key: DeclaredKey) -> tuple[str, str]:
    return key.target_table, key.target_column


def _question(evidence: Evidence, keys: tuple[DeclaredKey, ...], reading: Reading) -> Question:
    ends = [evidence.column(key.table, key.column) for key in keys] + [evidence.column(*_parent(keys[0]))]
    maker = maker_of_table(keys[0].target_table)
    return Question(
        keys=keys,
        target_exists=ends[-1] is not None,
        target_is_text=ends[-1] is not None and family(ends[-1].type) == "text",
        is_uuid=all(family(column.type) == "uuid" for column in ends if column),
        record_number_column=maker.record_number_column if maker else None,
        reading=reading,
    )


def maker_of_table(table: str) -> PlaceholderMaker | None:
    """The placeholder maker of the model that has this table, if there is one."""
    labels = [model._meta.label for model in apps.get_models() if model._meta.db_table == table]
    return next((maker for label in labels if (maker := maker_of(label))), None)
