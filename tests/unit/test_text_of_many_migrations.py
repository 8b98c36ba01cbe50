"""What is measured of a plan fills one screen, also with 1,400 pending migrations."""

import pytest

from migrations_safety.measurement.durations import held_locks
from migrations_safety.measurement.report import (
    MeasuredOperation,
    MeasuredPlan,
    MeasuredStatement,
    MeasuredTransaction,
    TableEffect,
)
from migrations_safety.precheck.report import Review
from migrations_safety.rendering.text.measured import SHOWN, measured
from migrations_safety.rendering.text.page import Page

SCREEN = 24


def transaction(number: int, *, new: bool) -> MeasuredTransaction:
    effect = TableEffect(
        table=f"shop_table_{number}", new=new, lock="AccessExclusiveLock", scanned=False, rewritten=False, dropped=False
    )
    operation = MeasuredOperation(
        migration=f"shop.{number:04}_next", number=1, kind="AddField", description="Add field", file=None, line=None,
        reversible=True, opaque=False, statements=(MeasuredStatement(sql="ALTER TABLE", error=None, tables=(effect,)),),
    )  # fmt: skip
    return MeasuredTransaction(migrations=(operation.migration,), atomic=True, operations=(operation,))


def lines(transactions: tuple[MeasuredTransaction, ...]) -> list[str]:
    plan = MeasuredPlan(
        measured="server", reason=None, server_version="18.4", left_out=(), transactions=transactions
    )  # fmt: skip
    page = Page(width=100, colour=False)
    measured(page, Review(measured=plan, findings=(), held=held_locks(plan, {})))
    return page.text().splitlines()


@pytest.mark.parametrize("number", [1, 20, 1400])
def test_locks_on_existing_tables_fit_on_one_screen(number):
    shown = lines(tuple(transaction(one, new=False) for one in range(number)))

    assert len(shown) <= SCREEN
    assert sum("ACCESS EXCLUSIVE" in line for line in shown) == min(number, SHOWN)
    assert any(f"{number - SHOWN:,} shorter locks not shown" in line for line in shown) is (number > SHOWN)


def test_of_new_tables_their_number_alone_is_said():
    shown = lines(tuple(transaction(one, new=True) for one in range(1400)))

    assert len(shown) <= 3
    assert "1,400 transactions; 1,400 new tables" in " ".join(shown)
