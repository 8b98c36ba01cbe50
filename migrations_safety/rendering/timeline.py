"""The geometry of the timeline of locks: per transaction the locks on existing tables, drawn to the estimated time.

All transactions share one scale, so that their bars can be compared. Lengths are texts in percent of the width of the
picture, as SVG takes them, because a template would write a number in the language of the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest

from migrations_safety.measurement.durations import HeldLock
from migrations_safety.measurement.report import MeasuredTransaction
from migrations_safety.measurement.work import Span
from migrations_safety.messages.humanize import format_range, format_seconds
from migrations_safety.messages.lock_words import mode
from migrations_safety.precheck.report import Review

MOST_LOCKS = 40
"""How many locks are drawn, the longest of the whole plan."""
SHORTEST_AXIS = 1.0
"""The seconds that the axis shows at least: what takes milliseconds is to look short."""
FOR_UNKNOWN = 15.0
"""The percent at the right that only what has no known end reaches."""
STEPS = (
    0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400,
)  # fmt: skip
"""The seconds between two marks of the axis, of which the smallest is taken that leaves MOST_MARKS or fewer."""
MOST_MARKS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A line across the picture at a round number of seconds."""

    x: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A stretch of time: how far from the left it begins, and how wide it is."""

    x: str
    width: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """How long one lock stops `who` (`writers` or `readers`): surely for `least`, and perhaps for all of `most`."""

    who: str
    least: Stretch
    most: Stretch
    is_open: bool
    """Whether nobody knows its end; `most` then reaches the right edge."""
    duration: str
    """Its figures in words, for example `0.8 s to 2.1 s`."""

    @property
    def words(self) -> str:
        """Who waits, and how long."""
        return f"{self.who} wait {self.duration}"


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnLock:
    """One lock on one table that existed before: the wait until it is granted, then those who wait for it."""

    table: str
    mode: str
    """As SQL spells it: `ACCESS EXCLUSIVE`."""
    granted: str
    """When it is granted, in words."""
    because: str
    """What takes the time; empty if nothing does."""
    wait: Stretch | None
    bars: tuple[Bar, ...]

    @property
    def stops_readers(self) -> bool:
        """Whether readers wait for it, too."""
        return any(bar.who == "readers" for bar in self.bars)

    @property
    def figures(self) -> str:
        """All that the picture shows, as words: what is drawn for those who do not see it."""
        who = [bar.words for bar in self.bars]
        if len({bar.duration for bar in self.bars}) < len(self.bars):
            who = [f"readers and writers wait {self.bars[0].duration}"]
        elif not self.stops_readers:
            who.append("readers go on")
        because = f" (it {self.because})" if self.because else ""
        said = f"{self.granted}; {', '.join(who)}{because}."
        return said[0].upper() + said[1:]


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnTransaction:
    """One transaction with its locks in the order in which they are taken."""

    migrations: tuple[str, ...]
    atomic: bool
    locks: tuple[DrawnLock, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """All of the picture; `left_out` is the number of shorter locks that are not drawn."""

    marks: tuple[Mark, ...] = ()
    transactions: tuple[DrawnTransaction, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    """A lock on the axis of its transaction, in seconds: asked for, granted, and released (None: nobody knows)."""

    lock: HeldLock
    asked: float
    granted: float
    released: float | None

    @property
    def last(self) -> float:
        """The last moment of which something is known."""
        return self.granted + self.lock.least if self.released is None else self.released


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    """Turns seconds into percent."""

    seconds: float
    percent: float

    def at(self, moment: float) -> float:
        return moment / self.seconds * self.percent


def timeline(review: Review) -> Timeline:
    """Return the picture of the locks that stop readers or writers; it is empty where there are none."""
    pairs = list(zip(review.measured.transactions, review.held, strict=True))
    stopping = [lock for _, held in pairs for lock in held if lock.writers]
    drawn = {id(lock) for lock in nlargest(MOST_LOCKS, stopping, key=_length)}
    placed = [(one, list(_placed(one, [lock for lock in held if id(lock) in drawn]))) for one, held in pairs]
    scale = _scale([lock for _, locks in placed for lock in locks])
    return Timeline(
        marks=tuple(_marks(scale)) if stopping else (),
        transactions=tuple(_transaction(one, locks, scale) for one, locks in placed if locks),
        left_out=len(stopping) - len(drawn),
    )


def _placed(transaction: MeasuredTransaction, locks: Sequence[HeldLock]) -> Iterator[_Placed]:
    """Yield the locks in the order in which they are taken.

    In an atomic transaction all end together. Otherwise one comes after the other.
    """
    in_order = sorted(locks, key=lambda lock: (lock.taken_by.place, lock.table))
    longest_wait = max((lock.until_granted or 0.0 for lock in locks), default=0.0)
    end = longest_wait + max((_known(lock) for lock in locks), default=0.0)
    now = 0.0
    for lock in in_order:
        wait = lock.until_granted or 0.0
        if not transaction.atomic:
            granted = now + wait
            now = granted + _known(lock)
        else:
            granted = longest_wait if lock.most is None else end - lock.most
        released = None if lock.most is None else granted + lock.most
        yield _Placed(lock=lock, asked=granted - wait, granted=granted, released=released)


def _known(lock: HeldLock) -> float:
    return lock.least if lock.most is None else lock.most


def _length(lock: HeldLock) -> tuple[bool, float, bool, float]:
    assert lock.writers is not None
    return lock.writers.most is None, lock.writers.most or 0.0, lock.readers is not None, lock.until_granted or 0.0


def _scale(locks: Iterable[_Placed]) -> _Scale:
    found = list(locks)
    is_open = any(lock.released is None for lock in found)
    longest = max((lock.last for lock in found), default=0.0)
    return _Scale(seconds=max(longest, SHORTEST_AXIS), percent=100 - FOR_UNKNOWN if is_open else 100.0)


def _marks(scale: _Scale) -> Iterator[Mark]:
    step = next((one for one in STEPS if scale.seconds / one <= MOST_MARKS), scale.seconds)
    for number in range(int(scale.seconds / step) + 1):
        label = format_seconds(number * step) if number else "0"
        yield Mark(x=_percent(scale.at(number * step)), label=label)


def _transaction(transaction: MeasuredTransaction, locks: Iterable[_Placed], scale: _Scale) -> DrawnTransaction:
    return DrawnTransaction(
        migrations=transaction.migrations,
        atomic=transaction.atomic,
        locks=tuple(_drawn(one, scale, atomic=transaction.atomic) for one in locks),
    )


def _drawn(placed: _Placed, scale: _Scale, *, atomic: bool) -> DrawnLock:
    lock, waits = placed.lock, placed.granted - placed.asked
    spans = (("writers", lock.writers), ("readers", lock.readers))
    return DrawnLock(
        table=lock.table,
        mode=mode(lock.lock),
        granted=_granted(lock.until_granted),
        because=lock.because,
        wait=_stretch(placed.asked, placed.granted, scale) if waits else None,
        bars=tuple(_bar(who, span, placed, scale, atomic=atomic) for who, span in spans if span),
    )


def _bar(who: str, span: Span, placed: _Placed, scale: _Scale, *, atomic: bool) -> Bar:
    """Return the bar of a span, which in an atomic transaction ends with the lock and else begins with it."""
    is_open = span.most is None
    starts = placed.granted
    if atomic and span.most is not None and placed.released is not None:
        starts = placed.released - span.most
    ends = starts + (span.least if span.most is None else span.most)
    whole = _stretch(starts, ends, scale)
    if is_open:
        whole = Stretch(x=whole.x, width=_percent(100 - scale.at(starts)))
    duration = "an instant" if span.most == 0 else format_range(span.least, span.most)
    return Bar(
        who=who, least=_stretch(starts, starts + span.least, scale), most=whole, is_open=is_open, duration=duration
    )


def _granted(seconds: float | None) -> str:
    if seconds is None:
        return "granted after an unknown time"
    return f"granted after {format_seconds(seconds)}" if seconds else "granted at once"


def _stretch(start: float, end: float, scale: _Scale) -> Stretch:
    return Stretch(x=_percent(scale.at(start)), width=_percent(scale.at(end - start)))


def _percent(number: float) -> str:
    return f"{min(max(number, 0.0), 100.0):.2f}".rstrip("0").rstrip(".") + "%"
