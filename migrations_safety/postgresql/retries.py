"""Trying again until it works: why is said once, then there is a pause, and at a deadline a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.base import Refusal

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class NotYet:
    """Why an attempt did not work, and may work later."""

    sentence: str
    """What the operator reads, once."""
    refusal: Refusal
    """Raised where there is no time left."""
    reason: str = ""
    """Another reason than that of the attempt before is said too."""
    cause: BaseException | None = None


def retry_until_done(
    attempt: Callable[[], Result | NotYet], *, seconds: float, pause: Callable[[], float], progress: Progress
) -> Result:
    """What the first attempt returns that is not NotYet; there is always one, and none begins after `seconds`.

    `pause` gives the seconds until the next one. Raises the refusal of the last attempt, from its cause.
    """
    deadline = time.monotonic() + seconds
    said: str | None = None
    while isinstance(found := attempt(), NotYet):
        if time.monotonic() >= deadline:
            raise found.refusal from found.cause
        if found.reason != said:
            said = found.reason
            progress.say(found.sentence)
        time.sleep(pause())
    return found
