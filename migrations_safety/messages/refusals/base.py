"""What a refusal is."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """The work was refused; `message` says why, `hint` what to type next, `id` names the finding where there is one.

    The text is an attribute and not the docstring: `python -OO` strips docstrings, and then nothing would be said.
    """

    id = ""
    message = "The work was refused."
    hint = ""

    def __init__(self, **words: Any) -> None:
        self.words = words
        prefix = f"{self.id}: " if self.id else ""
        super().__init__(prefix + self.message.format(**words))


class CouldNotLook(Refusal):
    """The sentence and the hint are the caller's."""

    message = "{reason}"

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(reason=reason)
        self.hint = hint
