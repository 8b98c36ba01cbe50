"""Repeats an attempt until it succeeds or a deadline has passed; then a refusal is raised."""

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
    """Returned by an attempt that failed and may succeed later."""

    sentence: str
    """The sentence that tells the operator why, once for each reason."""
    refusal: Refusal
    """The error that is raised if the deadline has passed."""
    reason: str = ""
    """What tells reasons apart: `sentence` is shown again if `reason` differs from that of the last attempt."""
    cause: BaseException | None = None


def retry_until_done(
    attempt: Callable[[], Result | NotYet], *, seconds: float, pause: Callable[[], float], progress: Progress
) -> Result:
    """Call `attempt` until it returns something else than NotYet, and return that.

    There is at least one attempt. After `seconds` seconds the refusal of the last attempt is raised, from its cause.
    `pause` returns the number of seconds to wait before the next attempt.
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
