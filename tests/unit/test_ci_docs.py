"""The examples of docs/reference.md of the formats for CI are what is drawn."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrations_safety.management.arguments import FORMATS
from migrations_safety.management.ci_formats import OF_CI
from migrations_safety.rendering.ci_of_precheck import of_precheck
from tests.support.commands import ROOT
from tests.support.documents import Document
from tests.support.reports import report_of, unaccepted

REFERENCE = Document(path=ROOT / "docs/reference.md")
SECTION = REFERENCE.text.partition("\n## Formats for CI\n")[2].partition("\n## ")[0]


def drawn(format):
    """What the format makes of one finding."""
    report = unaccepted(report_of(["shop_order"], ["shop.0004_total"], columns=["total"], database="shop"))
    found = tuple(one for one in report.findings if one.id == "locks.E002")
    report = replace(report, findings=found)
    at = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
    return OF_CI[format](of_precheck(report, root=Path.cwd()), seconds=1.5, at=at)


def example(format):
    if format == "sarif":
        return json.dumps(json.loads(drawn(format))["runs"][0]["results"][0], indent=2, ensure_ascii=False)
    if format == "junit":
        lines = drawn(format).splitlines()
        first = next(number for number, line in enumerate(lines) if 'name="locks"' in line)
        of_case = lines[first : first + 4]
        return "\n".join(line.removeprefix("    ") if line.lstrip().startswith("<") else line for line in of_case)
    return drawn(format).rstrip()


@pytest.mark.parametrize("format", OF_CI)
def test_the_example_is_what_is_drawn(format):
    assert f"\n{example(format)}\n```\n" in SECTION


@pytest.mark.parametrize("format", OF_CI)
def test_the_format_is_in_the_help_and_in_the_reference(format):
    assert format in FORMATS
    assert f"`--format {format}`" in SECTION
