"""How each of Django's tests ended, written to the file that `DJANGO_SUITE_OUTCOMES` names."""

from __future__ import annotations

import json
import os
import unittest
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.test.runner import DiscoverRunner

PASSED = "passed"
Outcomes = dict[str, str]
"""By the test's id: `passed`, `skipped`, or the error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What passes with plain Django, which of these do not with ours, and how that compares with what is expected."""

    seen: int
    passed: set[str]
    differing: Outcomes
    new: set[str]
    gone: set[str]

    def lines(self) -> list[str]:
        """What is not as expected, a line each."""
        differs = [f"DIFFERS: {name}: {self.differing[name]}" for name in sorted(self.new)]
        return differs + [f"NO LONGER DIFFERS, delete it from expected.py: {name}" for name in sorted(self.gone)]

    def summary(self) -> str:
        """All of it in figures."""
        return (
            f"{len(self.passed)} of {self.seen} tests pass with plain Django, {len(self.passed) - len(self.differing)} "
            f"of these with our commands, {len(self.differing) - len(self.new)} differ as documented."
        )


def compare(plain: Outcomes, ours: Outcomes, expected: Iterable[str]) -> Comparison:
    """Compare; a test that was not run with ours has not passed."""
    passed = {name for name, outcome in plain.items() if outcome == PASSED}
    differing = {name: ours.get(name, "was not run") for name in passed if ours.get(name) != PASSED}
    gone = {name for name in expected if name in plain and name not in differing}
    new = differing.keys() - set(expected)
    return Comparison(seen=len(plain), passed=passed, differing=differing, new=new, gone=gone)


class RecordingResult(unittest.TextTestResult):
    """Notes `passed`, `skipped`, or the error of each test; a test with a failed part has failed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.outcomes: dict[str, str] = {}

    def addSuccess(self, test: Any) -> None:
        super().addSuccess(test)
        self.outcomes.setdefault(test.id(), PASSED)

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        self.outcomes.setdefault(test.id(), "skipped")

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self.outcomes.setdefault(test.id(), PASSED)

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self.outcomes[test.id()] = "passed, which was not expected"

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self.outcomes[test.id()] = self._told(err)

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self.outcomes[test.id()] = self._told(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcomes[test.id()] = self._told(err)

    def stopTestRun(self) -> None:
        super().stopTestRun()
        Path(os.environ["DJANGO_SUITE_OUTCOMES"]).write_text(json.dumps(self.outcomes, indent=1))

    @staticmethod
    def _told(err: Any) -> str:
        """The error's kind and its first line."""
        return f"{err[0].__name__}: {str(err[1]).strip().splitlines()[:1]}"


class RecordingRunner(DiscoverRunner):
    """Django's runner, with that result, and without the tests that `DJANGO_SUITE_WITHOUT` names."""

    def get_resultclass(self) -> Any:
        return RecordingResult

    def build_suite(self, *arguments: Any, **options: Any) -> Any:
        suite = super().build_suite(*arguments, **options)
        without = set(os.environ["DJANGO_SUITE_WITHOUT"].split())
        return type(suite)(test for test in _tests(suite) if test.id() not in without)


def _tests(suite: Any) -> Iterator[Any]:
    for one in suite:
        yield from _tests(one) if isinstance(one, unittest.TestSuite) else [one]
