import re
from pathlib import Path

import pytest

import migrations_safety.sql
from migrations_safety.sql import statement, statements

FOLDER = Path(migrations_safety.sql.__file__).parent
PACKAGE = FOLDER.parent
FILES = sorted(FOLDER.glob("*.sql"))
CODE = "\n".join(file.read_text() for file in PACKAGE.rglob("*.py"))
STEMS = "|".join(file.stem for file in FILES)
USED = re.compile(rf"""["']({STEMS})\.([a-z_]+)["']""")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_is_named_and_says_what_it_finds(file):
    comments = [line for line in file.read_text().splitlines() if line.startswith("--")]

    assert comments
    assert all(re.fullmatch(r"-- [a-z_]+: \S.+", line) for line in comments)
    assert len(comments) == len(statements(file.stem))
    assert all(body and not body.endswith(";") for body in statements(file.stem).values())


def test_nothing_stands_before_the_first_name():
    assert all(file.read_text().startswith("-- ") for file in FILES)


def test_every_name_in_the_code_is_that_of_a_statement():
    used = {f"{file}.{name}" for file, name in USED.findall(CODE)}

    assert len(used) > 20
    assert used <= {f"{file.stem}.{name}" for file in FILES for name in statements(file.stem)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_is_used(file):
    unused = {name for name in statements(file.stem) if not re.search(rf"""["'.]{name}["']""", CODE)}

    assert unused == set()


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        statement("catalog.nothing")


def test_a_bare_percent_sign_would_break_a_statement_with_parameters():
    for file in FILES:
        for name, body in statements(file.stem).items():
            assert not re.search(r"%(?![(%])", body.replace("%%", "")), f"{file.stem}.{name}"
