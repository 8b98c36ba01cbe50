"""The documents say what the code says: finding ids, commands and their options, links."""

import re
import subprocess
import sys

import pytest

from tests.support.commands import ROOT

FINDING = r"\b[a-z]+\.[EWI]\d{3}\b"
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
COMMANDS = ["precheck", "backfill_placeholders", "migrate", "verify_patient_schema", "audit_runs"]
OF_DJANGO = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
             "--force-color", "--skip-checks", "--noinput", "--no-input"}  # fmt: skip


def test_every_finding_has_its_heading_and_every_heading_its_finding():
    files = list((ROOT / "migrations_safety" / "messages").rglob("*.py"))
    in_code = {one for file in files for one in re.findall(FINDING, file.read_text())}

    headings = set(re.findall(rf"^### ({FINDING})$", (ROOT / "docs" / "findings.md").read_text(), re.MULTILINE))

    assert headings == in_code


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_in_the_reference(command):
    help = subprocess.run(
        [sys.executable, "manage.py", command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    options = set(re.findall(r"--[a-z][a-z-]+", help.stdout)) - OF_DJANGO

    assert {one for one in options if one not in (ROOT / "docs" / "reference.md").read_text()} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document):
    targets = [one for one in re.findall(r"\]\(([^)]+)\)", document.read_text()) if not one.startswith("http")]

    missing = [one for one in targets if not leads_somewhere(document, one)]

    assert missing == []


def leads_somewhere(document, target):
    path, _, anchor = target.partition("#")
    file = document.parent / path if path else document
    return file.exists() and (not anchor or anchor in anchors(file.read_text()))


def anchors(text):
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
