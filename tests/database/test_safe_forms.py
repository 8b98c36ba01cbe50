"""docs/safe-forms.md: each original and each safe form is applied, and does what the page says.

REWRITE_SAFE_FORMS=1 writes the tables of locks of the page anew.
"""

import json
import os
import re

import psycopg
import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.cluster import Database
from tests.support.measured_forms import is_alike, is_weaker, lock_table, weights
from tests.support.safe_forms import LOCKS, PAGE, Shops, forms

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

HASHED = re.compile(r"_[0-9a-f]{8}(?=_|\b)\w*|(?<=_id)_fk\b|(?<=number)_fk\b")
ROWS = """
    INSERT INTO shop_draft SELECT FROM generate_series(1, 9);
    INSERT INTO shop_customer (name) SELECT 'n' FROM generate_series(1, 9);
    INSERT INTO shop_order (number, placed, status, note, customer_number)
        SELECT n, DATE '2026-01-01' + n, 'open', '', n FROM generate_series(1, 9) AS n
"""
FORMS = forms()


@pytest.fixture
def shops(cluster, empty, tmp_path):
    """The project of the originals and that of the safe forms, with the same rows, each migration still pending."""
    (tmp_path / "original").mkdir()
    (tmp_path / "safe").mkdir()
    original = Shops(folder=tmp_path / "original", database=empty)
    original.start(FORMS)
    original.run("migrate", "-v", "0")
    for form in FORMS:
        empty.execute(ROWS.replace("shop", form.label))
        original.migration(form.label, 2, form.original)
    empty.close()
    copy = Database(empty.server, f"{empty.name}_safe")
    cluster.administration.execute(f"CREATE DATABASE {copy.name} TEMPLATE {empty.name}")
    safe = Shops(folder=tmp_path / "safe", database=copy)
    safe.start(FORMS)
    write_safe(safe)
    yield original, safe
    cluster.drop(copy)


def write_safe(safe):
    for form in FORMS:
        for number, text in enumerate(form.safe, 2):
            safe.migration(form.label, number, text)


def measured(shops):
    told = shops.run(
        "precheck", "--format", "json", "--measure", "--measure-python", "--no-data", beside="migrations_safety"
    )
    plan = json.loads(told)["plan"]
    assert (plan["measured"], plan["error"]) == ("embedded", None)
    return {form.label: weights(plan, form.label) for form in FORMS}


def refuses(database, statement):
    """Whether PostgreSQL refuses it; nothing of it stays."""
    with psycopg.connect(database.url) as session:
        try:
            session.execute(statement)
        except psycopg.Error:
            return True
        session.rollback()
        return False


def catalog(database, form, *, names):
    """What there is of an app; without `names` the names that are made of a hash, or by hand in its place, are gone."""
    every = repr if names else lambda row: HASHED.sub("", repr(row))
    return {
        part: sorted(every(row) for row in rows if f"{form.label}_" in repr(row))
        for part, rows in catalog_snapshot(database).items()
    }


def test_each_safe_form_locks_less_and_ends_as_the_page_says(shops):
    original, safe = shops
    of_original, of_safe = measured(original), measured(safe)
    rewrite_the_page(of_original, of_safe)
    original.run("migrate", "-v", "0")
    for form in FORMS:
        safe.without(form.label, after=2)
    safe.run("migrate", "-v", "0")
    problems = {form.title: in_between(form, original.database, safe.database) for form in FORMS}
    write_safe(safe)
    safe.run("migrate", "-v", "0")

    for form in FORMS:
        problems[form.title] += at_the_end(form, original.database, safe.database)
        problems[form.title] += in_locks(form, of_original[form.label], of_safe[form.label])

    assert {title: found for title, found in problems.items() if found} == {}


def in_between(form, original, safe):
    """After the original, and after the first migration of the safe form."""
    failing = [one for one in form.of_running_release if not refuses(original, one)]
    return [
        *(f"works after the original: {one}" for one in failing),
        *(f"fails after migration 1: {one}" for one in form.of_running_release if refuses(safe, one)),
        *(f"fails: {one}" for one in form.of_new_release if refuses(original, one) or refuses(safe, one)),
    ]


def at_the_end(form, original, safe):
    """What the page says of the two catalogs."""
    allowed = [one for one in form.refused if not refuses(original, one) or not refuses(safe, one)]
    names = form.end != "the same catalog, but for names."
    before, after = (catalog(one, form, names=names) for one in (original, safe))
    differ = {part: (before[part], after[part]) for part in before if before[part] != after[part]}
    says_so = form.end.endswith("so the catalogs differ in that.")
    assert says_so or form.end in ("the same catalog.", "the same catalog, but for names."), form.end
    return [*allowed, *([f"catalogs: {differ or 'equal'}"] if bool(differ) != says_so else [])]


def in_locks(form, original, safe):
    """Weaker locks; only what spares the running release may have the same."""
    lighter = is_weaker(original, safe) or (bool(form.of_running_release) and is_alike(original, safe))
    shown = form.locks == lock_table(original, safe, form.label)
    return [*([] if lighter else ["no weaker locks"]), *([] if shown else ["another table of locks"])]


def rewrite_the_page(of_original, of_safe):
    if os.environ.get("REWRITE_SAFE_FORMS"):
        text = PAGE.read_text()
        for form in FORMS:
            table = lock_table(of_original[form.label], of_safe[form.label], form.label) + "\n"
            text = text.replace(form.text, LOCKS.sub(table, form.text))
        PAGE.write_text(re.sub(r"(\|\n)\n\n+", r"\1\n", text))


def test_the_page_has_a_safe_form_for_each_original():
    assert len(FORMS) > 15
    assert [form.title for form in FORMS if not form.safe] == []
