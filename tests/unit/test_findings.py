import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from migrations_safety.census.identifier_classes import NOT_CLASSED, PLACEHOLDER_CLASSES, WARNED_CLASSES
from migrations_safety.messages import refusals, sqlstates, wording
from migrations_safety.messages.catalogue import AREAS, CATALOGUE
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.class_reasons import REASONS
from migrations_safety.messages.findings import Finding, blocking, finding
from migrations_safety.messages.refusals.base import Refusal
from tests.support.identifiers import SAMPLES
from tests.unit.test_docs_words import ENDED

FOLDER = Path(wording.__file__).parent
WORDINGS = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem != "__init__")
WORDS = {"str": "x", "int": 2, "float": 2.5, "bool": True, "dict[str, str]": {"statement_timeout": "60000 ms"}}


def factories():
    for area in WORDINGS:
        for _, function in inspect.getmembers(
            import_module(f"migrations_safety.messages.wording.{area}"), inspect.isfunction
        ):
            if function.__module__.endswith(f".{area}") and not function.__name__.startswith("_"):
                yield pytest.param(area, function, id=f"{area}.{function.__name__}")


def worded(function, **changes):
    """The finding of a factory, with an argument of the right type for each parameter."""
    parameters = inspect.signature(function).parameters.values()
    words = {
        one.name: WORDS.get(str(one.annotation).replace("<class '", "").replace("'>", ""), "x") for one in parameters
    }
    words |= {"identifier_class": "blank"} if "identifier_class" in words else {}
    return function(**{one.name: words[one.name] for one in parameters if one.default is one.empty} | changes)


def ids_by_factory():
    for area in WORDINGS:
        for node in ast.walk(ast.parse((FOLDER / f"{area}.py").read_text())):
            if isinstance(node, ast.FunctionDef):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "finding":
                        yield ast.literal_eval(inner.args[0]), f"{area}.{node.name}"


def all_refusals(of=Refusal):
    for file in Path(refusals.__file__).parent.glob("*.py"):
        import_module(f"migrations_safety.messages.refusals.{file.stem}")
    return [one for kind in of.__subclasses__() for one in (kind, *all_refusals(kind))]


def test_every_id_is_declared_once_in_the_module_of_its_area():
    declared = [(kind.id, kind.area, module.__name__.rpartition(".")[2]) for module in AREAS for kind in module.KINDS]

    assert len(declared) == len(CATALOGUE) > 100
    misplaced = [id for id, area, module in declared if area != module.partition("_")[0]]
    assert misplaced == []
    assert [id for id, _, _ in declared if not re.fullmatch(r"[a-z]+\.[EWI]\d{3}", id)] == []


def test_every_kind_has_its_wording_or_its_refusal_and_no_other_id_is_used():
    used = {id for id, _ in ids_by_factory()} | {one.id for one in all_refusals() if one.id}

    assert used == set(CATALOGUE)


def test_every_kind_has_a_short_title_and_a_help_in_whole_sentences():
    for kind in CATALOGUE.values():
        assert len(kind.title) <= 70, kind.id
        assert not kind.title.endswith("."), kind.id
        assert kind.help.endswith("."), kind.id
        assert "](" not in kind.help, kind.id


def all_texts():
    for one in (worded(parameter.values[1]) for parameter in factories()):
        yield from (one.message, one.hint)
    for refusal in all_refusals():
        yield from (refusal.message, refusal.hint)
    for sentence, hint in sqlstates.WORDS.values():
        yield from (sentence, hint)


@pytest.mark.parametrize("ended", ENDED)
def test_no_text_uses_a_word_that_another_one_replaced(ended):
    assert [text for text in all_texts() if re.search(rf"\b{ended}\b", text, re.IGNORECASE)] == []


def test_no_two_factories_use_the_same_id():
    used = list(ids_by_factory())

    assert len(used) > 20
    assert len({id for id, _ in used}) == len(used)


def test_no_two_refusals_use_the_same_id():
    ids = [one.id for one in all_refusals() if one.id]

    assert "target.E001" in ids
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("area", "factory"), list(factories()))
def test_a_factory_words_one_finding_of_its_area(area, factory):
    one = worded(factory)

    assert re.fullmatch(rf"{area.partition('_')[0]}\.[EWI]\d{{3}}", one.id)
    assert one.level is CATALOGUE[one.id].level
    assert one.subject
    assert one.message.endswith(".")
    assert one.hint
    assert "{" not in one.message + one.hint


def test_the_letter_of_an_id_is_its_level():
    levels = [finding(f"target.{letter}001", "subject", "message", "hint").level for letter in "EWI"]

    assert levels == [Level.ERROR, Level.WARNING, Level.INFO]


def test_an_id_that_the_catalogue_lacks_makes_no_finding():
    with pytest.raises(KeyError, match=r"target\.E999"):
        finding("target.E999", "subject", "message", "hint")


def test_errors_block_and_warnings_only_where_asked():
    found = [finding(f"target.{letter}001", "subject", "message", "hint") for letter in "EWI"]

    assert [one.id for one in blocking(found)] == ["target.E001"]
    assert [one.id for one in blocking(found, fail_level=Level.WARNING)] == ["target.E001", "target.W001"]
    assert blocking([]) == []


def test_a_finding_cannot_be_changed():
    one = finding("target.E001", "subject", "message", "hint")

    assert isinstance(one, Finding)
    with pytest.raises(AttributeError):
        one.level = Level.INFO  # type: ignore[misc]


def test_every_class_that_is_refused_or_warned_of_has_its_reason():
    assert set(REASONS) | {"uuid_canonical"} == set(SAMPLES) | {
        "conflict",
        "several_spellings",
    }  # known by other rows alone
    assert set(WARNED_CLASSES) <= set(PLACEHOLDER_CLASSES) <= {*SAMPLES, NOT_CLASSED}
