"""Whatever characters a name has, it breaks out of no format for CI."""

import json
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from migrations_safety.rendering import github, gitlab, junit, sarif
from migrations_safety.rendering.ci_of_precheck import of_precheck
from tests.support.markdown import raw_html, tables
from tests.support.reports import hostile_report

AT, ROOT = datetime(2026, 11, 27, tzinfo=UTC), Path.cwd()
COMMAND = re.compile(r"::(?:error|warning) (?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*::.*")
NAMES = st.one_of(
    st.text(min_size=1, max_size=30),
    st.text(alphabet="<>&\"'`|\\[]()!#*_~:%,{}\n\r\t\x0b\x85\u2028\u202e\ufeff -=+.0Aa", min_size=1, max_size=30),
)


def drawn(draw, name):
    return draw.draw(of_precheck(hostile_report((name,)), root=ROOT), seconds=1, at=AT)


def unseen(text):
    """The characters that nobody sees, that end a line, or that turn the text around."""
    return [one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")]


@settings(deadline=None, max_examples=60)
@given(name=NAMES)
def test_every_line_is_one_command_of_ours(name):
    lines = drawn(github, name).splitlines()

    assert [line for line in lines if not COMMAND.fullmatch(line) or unseen(line)] == []
    assert len(lines) == len([one for one in hostile_report((name,)).findings if not one.accepted])


@settings(deadline=None, max_examples=60)
@given(name=NAMES)
def test_the_xml_and_the_json_are_read_again(name):
    assert len(ElementTree.fromstring(drawn(junit, name)).findall("testsuite/testcase")) >= 7
    results = json.loads(drawn(sarif, name))["runs"][0]["results"]
    issues = json.loads(drawn(gitlab, name))
    texts = [one["message"]["text"] for one in results] + [one["description"] for one in issues]

    assert len(results) == len(issues) == len(hostile_report((name,)).findings)
    assert [text for text in texts if unseen(text)] == []


@settings(deadline=None, max_examples=60)
@given(name=NAMES)
def test_the_table_of_the_summary_stays_one_table(name):
    drawn = github.summary(of_precheck(hostile_report((name,)), root=ROOT), 1024 * 1024)

    [table] = tables(drawn)
    assert {len(row) for row in table.rows} == {5}
    assert len(table.rows) == len(hostile_report((name,)).findings)
    assert raw_html(drawn) == []
