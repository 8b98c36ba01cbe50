"""The base class of refusals."""

from __future__ import annotations

from typing import Any

from migrations_safety.messages.findings import Finding


class Refusal(Exception):
    """Raised where a command refuses to work or could not finish.

    `message` says why, and `hint` what to type next. `id` is that of the finding with the same meaning; it is empty
    where there is none. The text is an attribute and not the docstring, because `python -OO` removes docstrings.
    """

    id = ""
    message = "The work was refused."
    hint = ""

    def __init__(self, **words: Any) -> None:
        self.words = words
        prefix = f"{self.id}: " if self.id else ""
        super().__init__(prefix + self.sentence)

    @property
    def sentence(self) -> str:
        """Why, without the id."""
        return self.message.format(**self.words)


class CouldNotLook(Refusal):
    """Raised where a command could not read what it needs; the caller gives the sentence and the hint."""

    message = "{reason}"

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason=reason)
        self.hint = hint


def sentences(found: Finding) -> str:
    """Return what a finding says as sentences of their own, which begin with a capital and name the kind of object."""
    kind = "The column " if '."' in found.subject else "The table "
    subject = found.subject.replace("the ", "The ", 1) if found.subject.startswith("the ") else kind + found.subject
    return f"{subject} {found.message}"
