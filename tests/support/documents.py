"""What the documents name: files, commands, options, findings, settings, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.commands import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One page of Markdown."""

    path: Path

    @property
    def name(self) -> str:
        """Its path in the project."""
        return str(self.path.relative_to(ROOT))

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def fences(self) -> list[tuple[str, str]]:
        """Its fenced blocks, language and text."""
        return FENCE.findall(self.text)

    @property
    def code(self) -> list[str]:
        """The lines of its blocks, fenced or indented, and its spans of code."""
        lines = [line for _, block in self.fences for line in block.splitlines()]
        indented = re.findall(r"^ {4}(\S.*)$", FENCE.sub("", self.text), re.MULTILINE)
        return [*lines, *indented, *self.spans]

    @property
    def spans(self) -> list[str]:
        """Its spans of code."""
        return [span.replace("\\|", "|") for span in SPAN.findall(FENCE.sub("", self.text))]

    @property
    def shown_files(self) -> set[str]:
        """The files of somebody's own project that it shows: `# shop/models.py`, or a path in a span before a block."""
        before = re.findall(r"`([\w./]+\.py)`[^\n`]*\n+```python", self.text)
        return {*re.findall(r"^# ([\w./]+\.py)$", self.text, re.MULTILINE), *before}

    @property
    def links(self) -> list[str]:
        """Where its links to other places of the project lead."""
        return [one for one in LINK.findall(FENCE.sub("", self.text)) if "://" not in one]


def documents() -> list[Document]:
    """Every page that is written for readers."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    return [Document(path=path) for path in [*top, *sorted((ROOT / "docs").rglob("*.md"))]]


def leads_somewhere(document: Document, target: str) -> bool:
    """Whether a link's file is there, and its heading in that file."""
    path, _, anchor = target.partition("#")
    file = document.path.parent / path if path else document.path
    return file.exists() and (not anchor or anchor in anchors(file.read_text()))


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", text))
    words = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in words}


@cache
def files_of_project() -> frozenset[str]:
    """The path of each file in each folder that is the project's own."""
    folders = ("migrations_safety", "patients", "ehr", "tests", "docs", ".ci")
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    return frozenset(str(path.relative_to(ROOT)) for path in [*ROOT.iterdir(), *inside])


def is_in_project(name: str) -> bool:
    """Whether a file or folder is there: by its path, from `migrations_safety` on, or by its last parts."""
    wanted = name.rstrip("/")
    return any(path == wanted or path.endswith(f"/{wanted}") for path in files_of_project())
