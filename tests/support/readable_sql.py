"""A composed statement laid out for a reader: the same text, but for the white space between its words."""

from __future__ import annotations

import re

STEP = 4
LITERAL = r"""E?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*\""""
WORD = re.compile(rf"{LITERAL}|\w+|[^\w\s]")
SPACE = re.compile(rf"({LITERAL})|\s+")
CLAUSES = {
    "WITH", "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "UNION", "LEFT", "CROSS", "JOIN",
    "INSERT", "UPDATE", "SET", "ON", "RETURNING", "FOR", "WHEN", "ELSE", "CREATE", "LANGUAGE", "ALTER", "RETURN",
}  # fmt: skip
GO_ON_DEEPER = {"SELECT", "ALTER"}
"""Clauses whose further lines stand deeper than their first one."""


def laid_out(statement: str) -> str:
    """Its lines indented by what is open: parentheses, CASE, BEGIN, RETURN QUERY, a list of SELECT."""
    layout = Layout()
    texts = (SPACE.sub(lambda found: found[1] or " ", line).strip() for line in statement.split("\n"))
    return "\n".join(layout.line(text) for text in texts if text) + "\n"


def words(statement: str) -> list[str]:
    """Everything but white space: names, literals, signs."""
    return WORD.findall(statement)


class Layout:
    """What is open after the lines so far: of each level what opened it, its indentation and its last clause."""

    def __init__(self) -> None:
        self.opened_by = [""]
        self.indents = [-STEP]
        self.clauses = [""]
        self.last = ""

    def line(self, text: str) -> str:
        """The line with its indentation."""
        found = words(text)
        indent = self._indent(found[0])
        for word in found:
            if word in {"(", "CASE", "BEGIN", "QUERY"}:
                self._open(word, indent)
            elif word in {")", "END"} or (word == ";" and self.opened_by[-1] == "QUERY"):
                self._close()
            elif word in CLAUSES:
                self.clauses[-1] = word
        self.last = found[-1]
        return " " * indent + text

    def _indent(self, first: str) -> int:
        inside = self.indents[-1] + STEP
        if first in {")", "END", "EXCEPTION"}:
            return max(0, self.indents[-1])
        goes_on = first not in CLAUSES and self.clauses[-1] in GO_ON_DEEPER
        follows = self.last in {"THEN", "ELSE"} and first != "RETURN"
        return inside + STEP if goes_on or follows or first in {"AND", "OR"} else inside

    def _open(self, word: str, indent: int) -> None:
        self.opened_by.append(word)
        self.indents.append(indent)
        self.clauses.append("")

    def _close(self) -> None:
        for levels in (self.opened_by, self.indents, self.clauses):
            if len(levels) > 1:
                levels.pop()
