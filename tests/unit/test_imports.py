"""Imports run one way: ehr -> patients -> migrations_safety, and inside it commands -> stories -> … -> sql."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("migrations_safety", "patients", "ehr")
LAYERS = [
    {"sql", "words", "transactions", "statement_text", "other_apps"},
    {"findings", "composing"},
    {"way_back", "column_values"},
    {"code", "lineage", "refusals", "constraints", "fields", "progress", "expressions", "beside"},
    {"place", "sqlstates", "done"},
    {"messages"},
    {"errors", "watchdog", "sharing", "pooler", "routing"},
    {"registry", "catalog", "locks", "pace", "index_builds", "partition_detach"},
    {"search_path", "guarded_statements", "own_tables"},
    {"session"},
    {"declarations", "equality", "layouts", "ledger", "records", "executor", "recording_editor"},
    {"elsewhere", "orphans", "existing_keys"},
    {"reading", "system_checks"},
    {"scanning"},
    {"viewing", "house_format"},
    {"classes"},
    {"census"},
    {"operations"},
    {"reverse_notes"},
    {"reverse_plan"},
    {"changes"},
    {"steps"},
    {"planned", "planned_keys", "autodetector"},
    {"planned_changes"},
    {"plan"},
    {"inspected_schema"},
    {"row_security"},
    {"checks", "pending"},
    {"comparison", "placing", "nullification", "counting"},
    {"approximation", "earlier"},
    {"precheck"},
    {"backfill", "verification", "migrating", "audit"},
    {"rendering"},
    {"management"},
    {"apps"},
]
"""Of migrations_safety, lowest first: a part imports from lower layers and from its own name."""


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
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def part(dotted):
    """`catalog` of `migrations_safety.catalog.tables`; None outside of migrations_safety or for itself."""
    app, _, rest = dotted.partition(".")
    return rest.partition(".")[0] or None if app == "migrations_safety" else None


def layer(name):
    return next((number for number, names in enumerate(LAYERS) if name in names), None)


def module(file):
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


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


def test_every_part_of_migrations_safety_has_its_layer():
    parts = {part(name) for name in SAFETY} - {None, "__init__"}

    assert {name for name in parts if layer(name) is None} == set()


def test_inside_migrations_safety_imports_run_downwards():
    upwards = {
        (name, other)
        for name, imported in SAFETY.items()
        for other in imported
        if part(other)
        and layer(part(other)) is not None
        and part(name) != part(other)
        and layer(part(name)) is not None
        and layer(part(name)) <= layer(part(other))
    }

    assert upwards == set()


def test_statements_and_wording_know_neither_django_nor_the_driver():
    for name, imported in SAFETY.items():
        if part(name) in {"sql", "findings", "refusals", "registry"}:
            assert not {one for one in imported if one.startswith(("django", "psycopg"))}, name


def test_rendering_knows_no_database_no_stream_and_no_exit_code():
    for name, imported in SAFETY.items():
        if part(name) == "rendering":
            assert not {one for one in imported if one.startswith(("django", "psycopg", "sys", "os"))}, name


def test_commands_hold_no_sql_and_call_no_driver():
    for name, imported in SAFETY.items():
        if part(name) == "management":
            assert not {one for one in imported if one.startswith(("psycopg", "migrations_safety.sql"))}, name


def test_nothing_of_the_tests_is_imported_at_run_time():
    everywhere = {one for app in APPS for file in files(app) for one in imports(file)}

    assert not {one for one in everywhere if one.partition(".")[0] in {"tests", "pytest", "factory", "hypothesis"}}
