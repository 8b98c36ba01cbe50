"""Where a finding stands: a path that CI systems find in the repository, or one that says what it belongs to."""

from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import pytest

from migrations_safety.messages.wording import data, drift, locks, plan, references
from migrations_safety.rendering.places import Base, places
from tests.support.reports import report_of

LABEL = "shop.0004_total"


def place(file: str | None, root: str = "/srv/project", **values: Any) -> tuple[Base, str, int | None]:
    report = report_of(["shop_order"], [LABEL], columns=["total"], database="shop")
    migration = replace(report.plan.migrations[0], file=file)
    report = replace(report, plan=replace(report.plan, migrations=(migration,)))
    finding = replace(plan.acceptance_not_needed(LABEL, accepts="data.E001"), **values)
    found = places(report, root=PurePath(root))(finding)
    assert found.is_file == (found.base is Base.REPOSITORY)
    return found.base, found.path, found.line


def test_a_migration_of_the_repository_has_its_path_there_and_the_line_of_the_operation():
    file = "/srv/project/backend/shop/migrations/0004_total.py"

    assert place(file) == (Base.REPOSITORY, "backend/shop/migrations/0004_total.py", None)
    assert place(file, operation=2) == (Base.REPOSITORY, "backend/shop/migrations/0004_total.py", 12)
    assert place(file, operation=9) == (Base.REPOSITORY, "backend/shop/migrations/0004_total.py", None)


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("/usr/lib/python3/dist-packages/shop/migrations/0004_total.py", "shop/migrations/0004_total.py"),
        ("/srv/project/.venv/lib/python3.12/site-packages/a/shop/migrations/0004.py", "a/shop/migrations/0004.py"),
        ("/srv/other/shop/migrations/0004_total.py", "shop/migrations/0004_total.py"),
        ("/srv/project2/shop/migrations/0004_total.py", "shop/migrations/0004_total.py"),
        ("/srv/project/packed.zip/shop/migrations/0004_total.py", "shop/migrations/0004_total.py"),
        ("/srv/project/shop/migrations/0004_total.pyc", "shop/migrations/0004_total.pyc"),
        (None, "shop/migrations/0004_total.py"),
    ],
)
def test_a_migration_from_elsewhere_is_no_file_of_the_repository(file, path):
    assert place(file)[:2] == (Base.PACKAGES, path)


def test_a_finding_without_an_operation_stands_at_the_only_one_that_touches_its_table():
    report = report_of(["shop_order"], [LABEL, "shop.0005_more"], columns=["total"], database="shop")
    first, second = report.review.measured.transactions
    alone = replace(first, operations=first.operations[2:])
    measured = replace(report.review.measured, transactions=(alone, second))
    place_of = places(replace(report, review=replace(report.review, measured=measured)), root=Path.cwd())

    lines = [
        place_of(data.nulls(subject, rows=2, migration=label)).line
        for subject in ('shop_order."total"', 'shop_item."total"')
        for label in (LABEL, "shop.0005_more")
    ]

    assert lines == [13, None, None, None]


TABLE, DATABASE = ("shop/migrations/0004_total.py", 11), ("a_b", None)


@pytest.mark.parametrize(
    ("finding", "place"),
    [
        (locks.prepared_transaction("shop_order", seconds=4), TABLE),
        (references.orphans('shop_order."total"', values=1, rows=1, target="patients", hint=None), TABLE),
        (locks.prepared_transaction("shop_order_new", seconds=4), DATABASE),
        (locks.prepared_transaction("shop_item", seconds=4), DATABASE),
        (references.orphans('shop_item."total"', values=1, rows=1, target="patients", hint=None), DATABASE),
        (drift.missing("shop_order", declared="a table", change="CREATE TABLE …;"), DATABASE),
    ],
)  # fmt: skip
def test_a_finding_about_a_table_stands_at_the_first_operation_that_touches_it(finding, place):
    report = report_of(["shop_order"], [LABEL], columns=["total"], database="a/b")

    found = places(report, root=Path.cwd())(finding)

    assert ((found.path, found.line), found.name) == (place, finding.subject)
    assert found.is_file == (place == TABLE)
