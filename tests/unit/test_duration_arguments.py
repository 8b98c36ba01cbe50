"""Durations on the command line: each number has its unit, and a bare number is refused."""

from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from migrations_safety.management.arguments import duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("3d", timedelta(days=3)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2d1h1m1s", timedelta(days=2, hours=1, minutes=1, seconds=1)),
        ("45s", timedelta(seconds=45)),
    ],
)
def test_a_duration_is_read(text, expected):
    assert duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24",
        "0h",
        "h",
        "-1h",
        "1.5h",
        "24 h",
        "30m1h",
        "1h1h",
        "24H",
        "1w",
        "\u0662h",
        "1h\n",
        "9999999d",
        "one day",
    ],
)
def test_anything_else_is_refused_with_examples(text):
    with pytest.raises(ArgumentTypeError, match="90m, 24h, 3d or 1h30m"):
        duration(text)
