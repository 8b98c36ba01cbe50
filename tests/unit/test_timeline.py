"""The timeline of locks: what is drawn where, from what was measured."""

import pytest

from migrations_safety.measurement.durations import HeldLock, Step
from migrations_safety.measurement.report import MeasuredPlan, MeasuredTransaction
from migrations_safety.measurement.work import NOTHING, UNKNOWN, Span
from migrations_safety.precheck.report import Review
from migrations_safety.rendering.timeline import MOST_LOCKS, Stretch, timeline

SAME = object()


def lock(table="orders", *, most=0.0, least=0.0, wait=0.0, writers=SAME, readers=None, place=0):
    step = Step(migration="shop.0002_x", operation=1, kind="AddIndex", place=place, statement=None, works=())
    span = Span(least=least, most=most)
    return HeldLock(
        table=table, lock="AccessExclusiveLock" if readers else "ShareLock", until_granted=wait, least=least, most=most,
        because="", writers=span if writers is SAME else writers, readers=readers, taken_by=step, slowest=None,
    )  # fmt: skip


def drawn(*transactions, atomic=True):
    measured = tuple(
        MeasuredTransaction(migrations=(f"shop.{number:04}_x",), atomic=atomic, operations=())
        for number in range(len(transactions))
    )
    plan = MeasuredPlan(measured="server", reason=None, server_version="18.4", left_out=(), transactions=measured)
    return timeline(Review(measured=plan, findings=(), held=tuple(map(tuple, transactions))))


def only_bar(picture):
    ((drawn_lock,),) = (one.locks for one in picture.transactions)
    (bar,) = drawn_lock.bars
    return bar


def test_without_a_lock_that_stops_anybody_there_is_no_picture():
    weak = lock(writers=None)

    assert drawn([weak], []).transactions == ()
    assert drawn([weak], []).marks == ()


def test_a_range_is_surely_its_least_and_perhaps_its_most():
    bar = only_bar(drawn([lock(least=2, most=8)]))

    assert (bar.least, bar.most) == (Stretch(x="0%", width="25%"), Stretch(x="0%", width="100%"))
    assert (bar.who, bar.duration, bar.is_open) == ("writers", "2 s to 8 s", False)


def test_what_takes_no_time_is_an_instant_on_an_axis_of_one_second():
    picture = drawn([lock()])

    assert only_bar(picture).duration == "an instant"
    assert only_bar(picture).most.width == "0%"
    assert [mark.label for mark in picture.marks] == ["0", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]


def test_the_wait_for_the_lock_comes_before_the_waiting_for_us():
    ((one,),) = (transaction.locks for transaction in drawn([lock(wait=3, least=1, most=1)]).transactions)

    assert one.wait == Stretch(x="0%", width="75%")
    assert one.bars[0].most == Stretch(x="75%", width="25%")
    assert one.granted == "granted after 3 s"


def test_locks_of_an_atomic_migration_are_held_to_its_end():
    first, second = (one for one in drawn([lock("a", most=10), lock("b", most=2, place=1)]).transactions[0].locks)

    assert first.bars[0].most == Stretch(x="0%", width="100%")
    assert second.bars[0].most == Stretch(x="80%", width="20%")


def test_statements_that_commit_one_by_one_follow_each_other():
    first, second = drawn([lock("a", most=6), lock("b", most=2, place=1)], atomic=False).transactions[0].locks

    assert first.bars[0].most == Stretch(x="0%", width="75%")
    assert second.bars[0].most == Stretch(x="75%", width="25%")


def test_readers_wait_apart_from_writers():
    ((one,),) = (
        transaction.locks for transaction in drawn([lock(least=4, most=10, readers=Span(least=1, most=5))]).transactions
    )

    assert [(bar.who, bar.most.x) for bar in one.bars] == [("writers", "0%"), ("readers", "50%")]
    assert one.stops_readers


def test_an_unknown_end_reaches_the_edge_and_a_known_one_does_not():
    picture = drawn([lock("a", most=None, writers=UNKNOWN)], [lock("b", most=10)])
    (unknown,), (known,) = (one.locks for one in picture.transactions)

    assert (unknown.bars[0].is_open, unknown.bars[0].most.width) == (True, "100%")
    assert unknown.bars[0].duration == "an unknown time"
    assert known.bars[0].most.width == "85%"


def test_all_transactions_share_one_scale():
    first, second = drawn([lock(most=10)], [lock(most=1)]).transactions

    assert first.locks[0].bars[0].most.width == "100%"
    assert second.locks[0].bars[0].most.width == "10%"


def test_the_longest_locks_are_drawn_in_the_order_of_the_plan_and_the_others_are_counted():
    many = [[lock(f"table_{number}", most=float(number))] for number in range(MOST_LOCKS + 5)]

    picture = drawn(*many)

    assert picture.left_out == 5
    assert [one.locks[0].table for one in picture.transactions] == [f"table_{n}" for n in range(5, MOST_LOCKS + 5)]


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [(9, ["0", "2 s", "4 s", "6 s", "8 s"]), (3000, ["0", "10 min", "20 min", "30 min", "40 min", "50 min"])],
)
def test_marks_stand_at_round_times(seconds, labels):
    assert [mark.label for mark in drawn([lock(most=float(seconds))]).marks] == labels


def test_a_wait_of_unknown_length_is_said_and_not_drawn():
    ((one,),) = (transaction.locks for transaction in drawn([lock(wait=None)]).transactions)

    assert (one.wait, one.granted) == (None, "granted after an unknown time")


def test_no_stretch_leaves_the_picture():
    held = [lock("a", least=1e9, most=None, writers=Span(least=1e9, most=None)), lock("b", most=5, wait=1e6, place=1)]

    for one in drawn(held, [lock(writers=NOTHING)]).transactions:
        for bar in (bar for drawn_lock in one.locks for bar in drawn_lock.bars):
            assert float(bar.most.x[:-1]) + float(bar.most.width[:-1]) <= 100.01
