"""Trying again: the first success, why it waits said once, a refusal from its cause at the end."""

import pytest

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.postgresql.retries import NotYet, retry_until_done


class Said(Progress):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def not_yet(reason="", cause=None):
    return NotYet(sentence=f"Waiting {reason}.", refusal=CouldNotLook("no more time"), reason=reason, cause=cause)


def retry(found, *, seconds):
    said, attempts = Said(), iter(found)

    def run():
        return retry_until_done(lambda: next(attempts), seconds=seconds, pause=lambda: 0.001, progress=said)

    return run, said


def test_the_first_success_is_returned_and_nothing_is_said():
    run, said = retry(["done"], seconds=0)

    assert run() == "done"
    assert said.sentences == []


def test_each_reason_is_said_once():
    run, said = retry([not_yet("a"), not_yet("a"), not_yet("b"), None], seconds=60)

    assert run() is None
    assert said.sentences == ["Waiting a.", "Waiting b."]


def test_without_time_the_first_failure_is_the_refusal_from_its_cause():
    cause = OSError("held")
    run, said = retry([not_yet(cause=cause)], seconds=0)

    with pytest.raises(CouldNotLook, match="no more time") as refused:
        run()

    assert refused.value.__cause__ is cause
    assert said.sentences == []
