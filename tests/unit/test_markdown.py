"""The written review as Markdown: what it says, and that no name breaks out of it."""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from migrations_safety.rendering import markdown
from migrations_safety.rendering.template_engine import code, hint, render, text
from tests.support.commands import ROOT
from tests.support.markdown import headings, html, links, raw_html, tables, tokens
from tests.support.reports import HOSTILE, hostile_report, large_report, report_of

AT = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
MARKERS = ["<!-- migrations_safety: precheck -->", "<!-- migrations_safety: appendix -->"]
OURS = re.compile(r"<details><summary>[^<]*</summary>|</details>|<!-- migrations_safety: [a-z_]+ -->|</?code>")
COMMENT = 65_536
"""How many characters a comment on GitHub may have."""
VARIABLE = re.compile(r"{{ *([^}]+?) *}}")
FILTERS = r"\|(?:text|code|subject|hint|cell|length|safe|block(?::\"\w+\")?(?:\|indented:\d)?)$"
ESCAPED = re.compile(rf"{FILTERS}|^forloop\.counter$")


def drawn(report):
    return markdown.precheck(report, seconds=3.14, at=AT)


def test_the_review_begins_with_a_marker_and_the_verdict():
    first = drawn(large_report(migrations=3)).splitlines()

    assert first[0] == MARKERS[0]
    assert first[1] == "# Migration safety review: hospital"
    assert first[3] == "## Recommendation"
    assert first[5].startswith("**Blocked: do not migrate yet.**")


@pytest.mark.parametrize("names", [HOSTILE, *[(name,) * 3 for name in HOSTILE], ("`", "``x`", "a\\|b")], ids=repr)
def test_names_break_out_of_no_table_and_make_no_markup(names):
    document = drawn(hostile_report(names))

    assert all(len(row) == table.headings for table in tables(document) for row in table.rows)
    assert [one for one in raw_html(document) if OURS.sub("", one).strip()] == []
    assert [one for one in links(document) if one != "#the-sql"] == []
    assert headings(document) == headings(document.replace("\u202e", ""))
    assert "\u202e" not in document
    assert "\u2066" not in document


def test_a_hostile_report_has_the_headings_and_tables_of_a_tame_one():
    hostile, tame = drawn(hostile_report()), drawn(hostile_report(("ward", "bed", "stay")))

    shape = [
        token.type for token in tokens(hostile) if token.type in ("heading_open", "table_open", "tr_open", "fence")
    ]
    expected = [
        token.type for token in tokens(tame) if token.type in ("heading_open", "table_open", "tr_open", "fence")
    ]
    assert shape == expected


@pytest.mark.parametrize(
    "name",
    [
        *HOSTILE,
        "a`b",
        "`",
        "``",
        " x ",
        "_x_",
        "*x*",
        "a\\",
        "1. x",
        "- x",
        "# x",
        "@team",
        "http://evil.example",
        "www.evil.example",
        "![x](y)",
        "&amp;",
        "~~x~~",
        "$x$",
    ],
    ids=repr,
)
def test_a_name_is_read_as_it_is(name):
    seen = name.encode("unicode_escape").decode() if not name.isprintable() else name
    for filtered in (code(name), text(name)):
        rendered = html(f"- {filtered} |")

        read = re.sub(r"<[^>]+>", "", rendered).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        read = read.replace("&amp;", "&").replace("\u2060", "").strip().removesuffix("|")
        assert read.strip() == seen.strip()
        assert rendered.count("<li>") == 1
        assert not re.search(r"<(?:em|strong|h\d|a|img|ol|s)\b", rendered)


def test_each_variable_of_a_template_takes_a_filter_of_markdown():
    files = sorted((ROOT / "migrations_safety/rendering/templates/markdown").glob("*.md"))

    found = [(file.name, one) for file in files for one in VARIABLE.findall(file.read_text())]
    assert len(found) > 50
    assert [(file, one) for file, one in found if not ESCAPED.search(one)] == []
    assert [one for _, one in found if one.endswith("|safe")] == ["one.help|safe"]  # of the catalogue


def test_a_plan_of_500_migrations_fits_into_a_comment_without_its_appendix():
    report = large_report()
    document = drawn(report)

    assert document.index(MARKERS[1]) < COMMENT
    assert "more, which" in document


def test_the_longest_names_fit_into_a_comment_without_the_appendix():
    labels, tables = (
        [f"shop.{number:04}_{'x' * 240}" for number in range(100)],
        [f"{number:063}" for number in range(100)],
    )

    document = drawn(report_of(tables, labels, columns=[f"{number:063}" for number in range(20)], database="x" * 63))

    assert document.index(MARKERS[1]) < COMMENT


def test_no_line_is_left_empty_twice():
    document = re.sub(r"```.*?```", "a block", drawn(hostile_report()), flags=re.DOTALL)

    assert "\n\n\n" not in document


def test_the_templates_are_read_out_of_a_zip_file_too(tmp_path):
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", ROOT, "migrations_safety")
    shows = "from migrations_safety.rendering import template_engine as engine; print(engine.__file__, end=' '); "
    shows += "print(engine.render('markdown/harmless.md', {'review': {'harmless': ['kept']}, 'most': None}))"

    told = subprocess.run([sys.executable, "-c", shows], cwd=tmp_path, env={"PYTHONPATH": packed}, capture_output=True)

    assert told.stderr == b""
    assert told.stdout.startswith(packed.encode())
    assert b"- kept" in told.stdout


def test_a_command_or_statement_as_a_hint_is_code_and_prose_is_not():
    assert hint("python manage.py backfill_placeholders") == "`python manage.py backfill_placeholders`"
    assert hint('CREATE INDEX CONCURRENTLY ON bed ("id");') == '`CREATE INDEX CONCURRENTLY ON bed ("id");`'
    assert hint("python manage.py precheck counts what exists.") == "python manage.py precheck counts what exists."


def test_the_engine_reads_no_setting_of_the_project(settings):
    settings.TEMPLATES = []
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = "de"

    assert render("markdown/harmless.md", {"review": {"harmless": ["1,000 <b>"]}}).endswith("- 1,000 &lt;b&gt;\n\n")
