"""Imports run one way: ehr -> patients -> migrations_safety, and inside it from each row of rooms to the rows above."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("migrations_safety", "patients", "ehr")
ROWS = [
    {"sql", "constraints", "fields"},
    {"messages"},
    {"postgresql", "registry", "acceptances"},
    {"schema", "locking", "audit", "installation"},
    {"operations", "apps", "kept"},
    {"plan"},
    {"census", "measurement"},
    {"checks", "verification", "backup"},
    {"precheck"},
    {"backfill", "migrate"},
    {"recovery"},
    {"rendering"},
    {"management"},
]
"""The rooms of migrations_safety: each imports from earlier rows, and rooms of one row do not know each other."""
STORIES = {"precheck", "backfill", "migrate", "verification", "audit", "recovery", "backup"}


def files(app):
    return [file for file in (ROOT / app).rglob("*.py") if file.parent.name != "migrations"]


def imports(file):
    """The dotted names that a file imports, `from x import y` as both `x` and `x.y`."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def room(dotted):
    """`postgresql` of `migrations_safety.postgresql.catalog`; None outside of migrations_safety or for itself."""
    app, _, rest = dotted.partition(".")
    return rest.partition(".")[0] or None if app == "migrations_safety" else None


def row(name):
    return next((number for number, names in enumerate(ROWS) if name in names), None)


def module(file):
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SAFETY = {module(file): imports(file) for file in files("migrations_safety")}


@pytest.mark.parametrize(
    ("app", "forbidden"),
    [("migrations_safety", {"patients", "ehr"}), ("patients", {"ehr"}), ("ehr", {"tests"}), ("patients", {"tests"})],
)
def test_no_app_imports_the_one_above_it(app, forbidden):
    guilty = {
        module(file): names
        for file in files(app)
        if (names := {one.partition(".")[0] for one in imports(file)} & forbidden)
    }

    assert guilty == {}


def test_every_room_has_its_row():
    rooms = {room(name) for name in SAFETY} - {None}

    assert rooms == set().union(*ROWS)


def test_a_room_imports_from_rows_above_its_own_only():
    wrong = {
        (name, other)
        for name, imported in SAFETY.items()
        for other in imported
        if room(name) and row(room(other)) is not None and room(name) != room(other)
        if row(room(name)) <= row(room(other))
    }

    assert wrong == set()


def test_rendering_sees_the_stories_through_their_reports_alone():
    wrong = {
        (name, other)
        for name, imported in SAFETY.items()
        if room(name) == "rendering"
        for other in imported
        if room(other) in STORIES and other.count(".") > 1 and "report" not in other.split(".")
    }

    assert wrong == set()


def test_nobody_but_management_imports_management_or_rendering():
    wrong = {
        (name, other)
        for name, imported in SAFETY.items()
        for other in imported
        if room(other) in {"management", "rendering"} and room(name) not in {"management", room(other)}
    }

    assert wrong == set()


def test_one_module_alone_brings_values_of_rows_to_the_client():
    senders = {
        file.relative_to(ROOT / "migrations_safety").as_posix()
        for file in files("migrations_safety")
        if "identifiers.values_of_orphans" in file.read_text()
    }

    assert senders == {"census/identifiers.py"}


def test_statements_and_wording_know_neither_django_nor_the_driver():
    for name, imported in SAFETY.items():
        parts = name.split(".")
        if name == "migrations_safety.sql" or {"wording", "refusals", "findings", "registry"} & {*parts}:
            assert not {one for one in imported if one.startswith(("django", "psycopg"))}, name


def test_rendering_knows_no_database_no_stream_and_no_exit_code():
    templates = ("django.template", "django.utils.safestring")
    for name, imported in SAFETY.items():
        if room(name) == "rendering":
            draws = name.endswith((".template_engine", ".html_filters"))
            known = templates if draws else ()
            others = {one for one in imported if not one.startswith(known)}
            assert not {one for one in others if one.startswith(("django", "psycopg", "sys", "os"))}, name


def test_commands_hold_no_sql_and_call_no_driver():
    for name, imported in SAFETY.items():
        if room(name) == "management":
            assert not {one for one in imported if one.startswith(("psycopg", "migrations_safety.sql"))}, name


def test_nothing_of_the_tests_is_imported_at_run_time():
    everywhere = {one for app in APPS for file in files(app) for one in imports(file)}

    assert not {one for one in everywhere if one.partition(".")[0] in {"tests", "pytest", "factory", "hypothesis"}}
