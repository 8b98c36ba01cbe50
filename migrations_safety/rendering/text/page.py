"""Builds a page of text from paragraphs, tables and findings."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from itertools import groupby

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.findings import Finding

COLOURS = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "blue"}


class Page:
    """A page of text that is being built.

    `width` is the number of characters in a line; with `colour` the text has the escape codes of a terminal.
    """

    def __init__(self, *, width: int, colour: bool) -> None:
        from rich.console import Console

        self.file = StringIO()
        self.console = Console(
            file=self.file,
            width=width,
            force_terminal=colour,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """Add one paragraph, wrapped at the width of the page."""
        self.console.print(text, style=style)

    def to_copy(self, text: str) -> None:
        """Add one line that is to be copied, and so is not wrapped."""
        self.console.print(text, soft_wrap=True)

    def table(self, headings: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]]) -> None:
        """Add a table; each heading is a pair of a text and its alignment, `left` or `right`."""
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for heading, justify in headings:
            table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def findings(self, found: Iterable[Finding]) -> None:
        """Add the findings: each with its level, id, subject and message, then its hint, or why it was accepted.

        Neighbouring findings with the same hint share it.
        """
        from rich.padding import Padding
        from rich.text import Text

        for hint, alike in groupby(found, key=_below):
            for finding in alike:
                accepted = "accepted " if finding.accepted else ""
                level = (f"{accepted}{finding.level.value} {finding.id}", "" if accepted else COLOURS[finding.level])
                self.console.print(Text.assemble(level, f"  {finding.subject} {finding.message}"))
            self.console.print(Padding(Text(f"→ {hint}"), (0, 0, 0, 4)))

    def text(self) -> str:
        """Return the text of the page, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.file.getvalue().splitlines()) + "\n"


def _below(finding: Finding) -> str:
    """Return what stands below a finding."""
    return str(finding.accepted) if finding.accepted else finding.hint
