"""The documents use the words of the glossary, and none of those that they replaced."""

import re

import pytest

from tests.support.commands import ROOT
from tests.support.documents import FENCE, SPAN, documents

ENDED = {
    r"ways? back": "rollback",
    r"tak\w+ back": "unapplied, or put back",
    r"thousand million": "billion",
    r"wish(?:es)?": "options",
    r"proofs?": "validation, of a key",
    r"patien(?:ce|tly)": "in a hospital, a patient is a person",
    r"rung up|climbs?": "tries again",
}
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
TERMS = ("orphan", "reference", "parent", "baseline", "adopt", "placeholder", "census", "gate", "lock ladder",
         "deploy lock", "record of runs", "finding", "batch", "rollback", "validation", "unapplied")  # fmt: skip


def prose(text):
    return SPAN.sub("", FENCE.sub("", text))


@pytest.mark.parametrize("document", documents(), ids=lambda document: document.name)
def test_no_word_that_another_one_replaced_is_used(document):
    found = {word: better for word, better in ENDED.items() if re.search(rf"\b{word}\b", prose(document.text), re.I)}

    assert found == {}


@pytest.mark.parametrize("term", TERMS)
def test_the_glossary_says_in_two_or_three_sentences_what_a_word_means(term):
    text = re.search(rf"^### {term}\n(.+?)(?=^### |\Z)", GLOSSARY, re.MULTILINE | re.DOTALL)

    assert text, term
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", text[1])) <= 5


def test_the_glossary_is_in_order():
    terms = [one.lower() for one in re.findall(r"^### (.+)$", GLOSSARY, re.MULTILINE)]

    assert terms == sorted(terms)
