"""docs/review.md and .html are what `python -m ehr.review` writes: the review of the patient module in the demo."""

import re
import subprocess
import sys

import pytest

from tests.support.commands import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]  # it starts a server of its own
VARYING = (
    r"\d{4}-\d\d-\d\d \d\d:\d\d UTC",
    r"(?<=127\.0\.0\.1:)\d+",
    r"(?<=B \| )[\d,.]+ \| [\d,.]+ \| \d+(?= \|$)",  # reads, writes, open transactions
    r"(?<= )[\d,.]+ (?:ms|s|kB|MB)(?= \|)",
)
VARYING_ON_THE_PAGE = (
    r"sha256-[\w+/=]+",  # of the style, which may be another one without another review
    r"(?s)(?<=<style>).*?(?=</style>)",
    r"(?<=<dd>)[\d.]+ m?s(?=</dd>)",
    r'(?<=<td class="number">)[\d,.]+(?: [kM]B)?</td><td class="number">[\d.]+ [kM]B(?=</td><td class="picture">)',
    r'(?<=<rect class="table" )[^/]*/><rect class="index" [^/]*',
    r'(?<=</svg></td>)(?:<td class="number">[\d,.]+</td>){3}(?=</tr>)',  # reads, writes, open transactions
)


def without_what_varies(text):
    for pattern in (*VARYING, *VARYING_ON_THE_PAGE):
        text = re.sub(pattern, "N", text, flags=re.MULTILINE)
    return text


def test_the_review_in_the_documentation_is_the_one_that_the_program_writes(tmp_path):
    told = subprocess.run([sys.executable, "-m", "ehr.review", tmp_path], cwd=ROOT, capture_output=True, text=True)

    assert told.returncode == 0, told.stderr
    for name in ("review.md", "review.html"):
        written = (tmp_path / name).read_text()
        assert without_what_varies(written) == without_what_varies((ROOT / "docs" / name).read_text()), name


def test_without_what_varies_the_words_and_counts_are_left():
    row = "| `bills` | 120,000 | 15 MB | 14 MB | 0 | 1.5 | 2 |"

    assert without_what_varies(row) == "| `bills` | 120,000 | N | N | N |"
    assert without_what_varies("bills holds 49,036 values") == "bills holds 49,036 values"
