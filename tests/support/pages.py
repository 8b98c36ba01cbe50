"""A page of docs/ as it is followed: its code blocks are files, statements and commands with their exit codes.

The first line of a block says where it belongs: `# orders/models.py` is a whole file, `# shop/settings.py, at its end`
is added to one, and what follows `with` is for projects that have that. A block of `sh` is typed line by line; a number
after a command (`# 1: …`) is its exit code. A block without a language is what the commands before it print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.commands import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"# (?P<path>[\w/]+\.py)(?P<added>, at its end)?(?:, with (?P<variant>[\w-]+))?\n")
COMMAND = re.compile(r"(?P<text>.+?)\s*(?:# (?P<code>\d)\b.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file of the project, or the end of one; `variant` names the projects that have it."""

    path: str
    text: str
    added: bool
    variant: str | None

    def write(self, folder: Path) -> None:
        file = folder / self.path
        for package in reversed([one for one in (folder / self.path).parents if folder in one.parents]):
            package.mkdir(exist_ok=True)
            (package / "__init__.py").touch()
        file.write_text((file.read_text() if self.added else "") + self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One line that is typed, and how it ends."""

    text: str
    code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sql:
    """Statements that are run in the project's database."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """What the command before it prints."""

    text: str


Block = File | Command | Sql | Output


def blocks(page: str, *, variant: str | None = None) -> Iterator[Block]:
    """What a page of docs/ says to write, type and expect, from top to bottom; of one variant alone if it is named."""
    for language, text in FENCE.findall((ROOT / "docs" / page).read_text()):
        for block in read(language, text):
            if (block.variant if isinstance(block, File) else None) == variant:
                yield block


def read(language: str, text: str) -> Iterator[Block]:
    if language == "python":
        title = TITLE.match(text)
        assert title, f"a block of the page does not say in which file it stands:\n{text}"
        yield File(
            path=title["path"], text=text[title.end() :], added=bool(title["added"]), variant=title["variant"]
        )  # fmt: skip
    elif language == "sh":
        for line in text.splitlines():
            command = COMMAND.fullmatch(line)
            assert command, line
            yield Command(text=command["text"], code=int(command["code"] or 0))
    else:
        yield Sql(text=text) if language == "sql" else Output(text=text)
