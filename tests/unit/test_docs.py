"""The documents name what there is: files, commands, options, findings, settings, and where links lead."""

import ast
import re
from functools import cache
from importlib import import_module

import pytest
from django.core.management import get_commands, load_command_class

from migrations_safety.messages.catalogue import CATALOGUE
from tests.support.commands import ROOT
from tests.support.documents import documents, is_in_project, leads_somewhere
from tests.unit.test_imports import ROWS

FINDING = r"\b[a-z_]+\.[EWI]\d{3}\b"
FILE = re.compile(r"[\w./-]*\w\.(?:py|sql|toml|txt|md|svg|prisma)\b")
FOLDER = re.compile(r"(?<![\w./*-])[\w.-][\w./-]*/(?=\s|$)")
OURS = ["precheck", "backfill_placeholders", "migrate", "verify_schema", "verify_patient_schema", "audit_runs",
        "restore_dropped", "purge_dropped", "rollback_patient_module", "rollback_migrations", "rehearse", "diagnose",
        "backup_database"]  # fmt: skip
OF_OTHERS = {"--table", "--strict", "--rolled-back", "--paginate", "--jq", "--method", "--field", "--silent",
             "--list", "--create", "--exit-on-error", "--dbname", "--file",
             "--data-only", "--disable-triggers"}  # fmt: skip
"""Options of pg_dump, pg_restore, psql, mypy, Prisma, and GitHub's gh."""
SYSTEM_CHECKS = ("migrations_safety.", "commands.", "fields.")
"""Ours and Django's; they are not findings."""
OF_DJANGO = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
             "--force-color", "--skip-checks", "--noinput", "--no-input"}  # fmt: skip
MODULES_OF_OTHERS = {"psycopg.sql"}
NAMES_OF_OTHERS = {"server_side_binding", "log_min_error_statement", "max_parallel_workers", "auth_permission",
                   "PatientStatus_old", "RI_ConstraintTrigger_a_16500"}  # fmt: skip
"""What PostgreSQL, Django and psycopg have, and two names of an example."""
EVERY = pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
SOURCES = [file for app in ("migrations_safety", "patients", "ehr") for file in (ROOT / app).rglob("*.py")]


@EVERY
def test_every_link_leads_somewhere(document):
    assert [one for one in document.links if not leads_somewhere(document, one)] == []


@EVERY
def test_every_file_is_there(document):
    if document.name == "CHANGELOG.md":
        pytest.skip("it tells what was")
    named = {name for line in document.code for name in [*FILE.findall(line), *FOLDER.findall(line)]}

    own = document.shown_files | MODULES_OF_OTHERS | written(document)
    unknown = {one for one in named if not is_in_project(one)} - own

    assert {one for one in unknown if not is_of_an_example(document, one)} == set()


@EVERY
def test_every_module_and_what_is_imported_from_it_is_there(document):
    dotted = {one for line in document.code for one in re.findall(r"\bmigrations_safety(?:\.\w+)+", line)}
    imported = {name for language, text in document.fences if language == "python" for name in imports(text)}

    assert [one for one in sorted(dotted | imported) if not re.fullmatch(FINDING, one) and not exists(one)] == []


@EVERY
def test_every_name_of_code_is_there(document):
    """Functions, columns, keys, settings of PostgreSQL: what has an underscore, in a span."""
    if document.name == "CHANGELOG.md":
        pytest.skip("it tells what was")
    named = {name for span in document.spans for name in re.findall(r"(?<![\w/.])[A-Za-z]\w*_\w+\b(?!\.py)", span)}

    assert named - words_of_code() - NAMES_OF_OTHERS == set()


@EVERY
def test_every_command_is_there(document):
    own = {name for file in document.shown_files for name in re.findall(r"management/commands/(\w+)\.py", file)}
    named = {one for line in document.code for one in re.findall(r"manage\.py (\w+)", line)}

    assert named - set(get_commands()) - own == set()


@EVERY
def test_every_target_of_make_is_there(document):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {one for line in document.code for one in re.findall(r"\bmake ([a-z-]+)\b", line)}

    assert named - set(targets) == set()


@EVERY
def test_every_option_is_one_of_its_command(document):
    assert [one for line in document.code for one in unknown_options(line)] == []


@EVERY
def test_every_finding_is_there(document):
    named = set(re.findall(FINDING, document.text))

    assert named - findings() == set()


@EVERY
def test_every_setting_is_read_by_the_code(document):
    named = set(re.findall(r"\b(?:MIGRATIONS_SAFETY|EHR|DATABASE_URL|POSTGRESQL)_[A-Z_]*[A-Z]\b", document.text))
    read = set(re.findall(r"\b[A-Z_]+[A-Z]\b", "".join(file.read_text() for file in [*SOURCES, *TEST_SUPPORT])))

    assert {one for one in named if one not in read and not one.startswith("DATABASE_URL_")} == set()


def test_contributing_has_the_rows_of_rooms():
    rows = re.findall(r"^\| \d+ \| (.+?) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)

    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == ROWS


def test_the_page_of_findings_is_the_catalogue_with_details():
    """Heading, title and help of each kind, in the catalogue's order; what follows them is free."""
    page = (ROOT / "docs" / "findings.md").read_text()
    shown = re.findall(rf"^### ({FINDING})\n\*\*(.+)\*\*\n\n(.+)\n", page, re.MULTILINE)

    assert shown == [(kind.id, kind.title, kind.help) for kind in CATALOGUE.values()]
    assert page.count("\n### ") == len(CATALOGUE)


def test_every_id_in_the_code_is_one_of_the_catalogue_or_a_system_check():
    assert {one for one in findings() if not one.startswith(SYSTEM_CHECKS)} == set(CATALOGUE)


def test_every_system_check_is_in_the_reference():
    rows = re.findall(rf"^\| `({FINDING})` \|", (ROOT / "docs" / "reference.md").read_text(), re.MULTILINE)

    assert set(rows) == {one for one in findings() if one.startswith("migrations_safety.")}


@pytest.mark.parametrize("command", OURS)
def test_every_option_of_a_command_is_in_the_reference(command):
    text = (ROOT / "docs" / "reference.md").read_text()

    assert {one for one in options_of(command) - OF_DJANGO if not re.search(rf"{one}\b", text)} == set()


TEST_SUPPORT = [ROOT / "tests" / "support" / "cluster.py"]


def written(document):
    """The files that commands of the page write."""
    return {name for line in document.code for name in re.findall(r"(?:--output |--report \w+=|> )([\w./-]+)", line)}


def is_of_an_example(document, name):
    """Whether it stands in an app that the page shows or makes, outside of the project, or beside an archive."""
    apps = {file.partition("/")[0] for file in document.shown_files} | {
        "shop",
        "orders",
        "customers",
        "ward",
        "backend",
    }
    return name.partition("/")[0] in apps or name.startswith("/var/") or name.endswith(".dump.roles.sql")


def imports(text):
    """What a block imports of ours: `migrations_safety.registry.PlaceholderMaker`."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return {
        f"{one.module}.{name.name}"
        for one in found
        for name in one.names
        if (one.module or "").startswith("migrations_")
    }


def exists(dotted):
    """Whether a module is there, or a name in one."""
    module, _, name = dotted.rpartition(".")
    try:
        return hasattr(import_module(module), name) or bool(import_module(dotted))
    except ImportError:
        return bool(module) and module != dotted and "." in module and _is_attribute(module, name)


def _is_attribute(module, name):
    outer, _, inner = module.rpartition(".")
    try:
        return hasattr(getattr(import_module(outer), inner, None), name)
    except ImportError:
        return False


def unknown_options(line):
    """The options of a line of code that no parser has: of the command that it names, else of any."""
    told = re.sub(r"^\$ |# .*$", "", line)
    named = re.search(r"(?:manage\.py |^)([a-z_]+)\b(?!=)", told)
    command = named[1] if named and named[1] in get_commands() else None
    known = OF_OTHERS | (options_of(command) if command else all_options())
    return [one for one in re.findall(r"(?<![\w-])--[a-z][a-z-]*", told) if one not in known]


@cache
def options_of(command):
    """The options of a command's own parser."""
    app = get_commands()[command]
    parser = load_command_class(app, command).create_parser("manage.py", command)
    return {option for action in parser._actions for option in action.option_strings if option.startswith("--")}


@cache
def all_options():
    """Those of our commands and Django's, of the programs that make starts, and of others that we name."""
    commands = [*OURS, "makemigrations", "sqlmigrate", "check"]
    programs = [*(ROOT / "tests").rglob("*.py"), ROOT / "ehr" / "demo.py"]
    text = "".join(file.read_text() for file in programs)
    ours = re.findall(r'add_argument\(\s*"(--[a-z-]+)"', text)
    return set().union(*(options_of(one) for one in commands), ours, OF_OTHERS)


@cache
def words_of_code():
    """Every word of the sources and of the tests that are not about the documents."""
    files = [file for app in ("migrations_safety", "patients", "ehr", "tests") for file in (ROOT / app).rglob("*.*")]
    sources = [one for one in files if one.suffix in {".py", ".sql"} and not one.name.startswith("test_docs")]
    return {word for file in sources for word in re.findall(r"\w+", file.read_text())}


@cache
def findings():
    """The ids that the code has, those of Django's checks that it silences or replaces among them."""
    return {one for file in SOURCES for one in re.findall(FINDING, file.read_text())}
