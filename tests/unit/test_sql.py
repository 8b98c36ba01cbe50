import ast
import re
from pathlib import Path

import pytest
import sqlparse

import migrations_safety.sql
from migrations_safety.sql import statement, statements

FOLDER = Path(migrations_safety.sql.__file__).parent
PACKAGE = FOLDER.parent
FILES = sorted(FOLDER.glob("*.sql"))
MODULES = {file: file.read_text() for file in PACKAGE.rglob("*.py")}
CODE = "\n".join(MODULES.values())
STEMS = "|".join(file.stem for file in FILES)
USED = re.compile(rf"""["']({STEMS})\.([a-z_]+)["']""")
SENDERS = {"execute", "executemany", "SQL", "send", "_send"}
"""What a text is given to so that the server runs it. A hint is given to nobody but a person, who may run it."""
BEGINS_A_STATEMENT = re.compile(
    r"[\s(]*(SELECT|WITH|VALUES|INSERT|UPDATE|DELETE|MERGE|TRUNCATE|COPY|CREATE|ALTER|DROP|VALIDATE|ANALYZE|LOCK"
    r"|GRANT|REVOKE|SET|RESET|SHOW|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|EXPLAIN|CASE|DO|CALL)\s"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_is_named_and_says_what_it_finds(file):
    comments = [line for line in file.read_text().splitlines() if line.startswith("--")]

    assert comments
    assert all(re.fullmatch(r"-- [a-z_]+: \S.+", line) for line in comments)
    assert len(comments) == len(statements(file.stem))
    assert all(body and not body.endswith(";") for body in statements(file.stem).values())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_line_of_a_statement_is_under_120_characters(file):
    assert [line for line in file.read_text().splitlines() if len(line) >= 120] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_is_one_command(file):
    several = {name: body for name, body in statements(file.stem).items() if len(sqlparse.split(body)) > 1}

    assert several == {}


def test_several_commands_in_one_statement_are_seen():
    assert len(sqlparse.split("CREATE TABLE a (b text);\nCREATE INDEX ON a (b)")) == 2
    assert len(sqlparse.split(statement("run_log.make_refusal"))) == 1


SENT_ALONE = re.compile(r'execute\(\s*statement\(\s*"([a-z_]+\.[a-z_]+)"\s*\)(?:\.encode\(\))?\s*\)')
"""A statement that is sent without parameters: then psycopg leaves `%%` as it is."""


def test_a_statement_with_a_doubled_percent_sign_is_sent_with_parameters():
    alone = {name for name in SENT_ALONE.findall(CODE) if "%%" in statement(name)}

    assert len(SENT_ALONE.findall(CODE)) > 20
    assert alone == set()


def test_nothing_stands_before_the_first_name():
    assert all(file.read_text().startswith("-- ") for file in FILES)


def test_every_name_in_the_code_is_that_of_a_statement():
    used = {f"{file}.{name}" for file, name in USED.findall(CODE)}

    assert len(used) > 20
    assert used <= {f"{file.stem}.{name}" for file in FILES for name in statements(file.stem)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_stands_in_the_file_of_a_module_that_sends_it(file):
    senders = "\n".join(text for module, text in MODULES.items() if module.stem == file.stem)

    strangers = {name for name in statements(file.stem) if not re.search(rf"""["'.]{name}["']""", senders)}

    assert strangers == set()


def test_no_module_holds_a_statement():
    assert {module: found for module, text in MODULES.items() if (found := inline_statements(text))} == {}


@pytest.mark.parametrize(
    "code",
    [
        'cursor.execute("SELECT 1")',
        'cursor.execute(f"SELECT {column}")',
        'cursor.execute("SELECT " + columns)',
        'send(cursor, sql.SQL("CASE WHEN {} END").format(value))',
        'query = "DROP INDEX " + name\ncursor.execute(query)',
    ],
)
def test_a_statement_in_a_module_is_seen(code):
    assert inline_statements(code)


def test_a_hint_is_no_statement_of_ours():
    assert inline_statements('hint = f"DROP INDEX {name};"\nreturn_it(hint)') == []


def inline_statements(code):
    """The literals with an SQL verb that are sent, or stand in a variable that is."""
    tree = ast.parse(code)
    sent = [
        argument
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and called(call) in SENDERS
        for argument in call.args
    ]
    names = {part.id for argument in sent for part in ast.walk(argument) if isinstance(part, ast.Name)}
    kept = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        if names & {part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    ]
    return [
        part.value
        for node in [*sent, *kept]
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and BEGINS_A_STATEMENT.match(part.value)
    ]


def called(call):
    return getattr(call.func, "attr", None) or getattr(call.func, "id", None)


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        statement("catalog.nothing")


def test_a_bare_percent_sign_would_break_a_statement_with_parameters():
    for file in FILES:
        for name, body in statements(file.stem).items():
            assert not re.search(r"%(?![(%])", body.replace("%%", "")), f"{file.stem}.{name}"
