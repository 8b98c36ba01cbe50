"""Replaces the values of key columns, type by type, so that equal ones stay equal in all columns and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_interface, ip_network

from migrations_safety.recovery.rehearsal.keys_only.permutation import Permutation, Ranges, integers
from migrations_safety.recovery.rehearsal.keys_only.spelled_ids import SpelledIds

Replace = Callable[[str], str]

ORIGIN = date(2000, 1, 1)
JULIAN = 2_451_545
"""The Julian day of 2000-01-01. PostgreSQL reads any day as J and its number."""
DAY = 86_400_000_000
UNITS = (DAY, 1_000_000, 1000, 1)
"""In microseconds: days, seconds, milliseconds. A moment at the beginning of one stays at such a beginning."""
NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d*[1-9]))?", re.ASCII)
BEGINS = re.compile(r"'\^([A-Za-z][A-Za-z0-9 _/-]*)|~~ '([A-Za-z][^%_'\\]*)%")
"""What a regular expression, or the pattern of a LIKE, says of the beginning of a text."""
LITERAL = re.compile(r"'((?:[^']|'')*)'|(?<![\w'])-?\d+(?![\w'])")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyValues:
    """The replacements for all values of keys."""

    permutation: Permutation
    integers: Ranges
    days: Ranges
    moments: dict[int, Ranges]
    """By unit."""
    texts: SpelledIds

    def replace(self, base: str, category: str, labels: tuple[str, ...] | None) -> Replace | None:
        """Return what replaces the values of a type, None where its values cannot be replaced one by one."""
        if labels:
            return lambda value: labels[self.permutation.of_number(labels.index(value), len(labels), b"labels")]
        if category == "S":
            return self.texts.of
        return {
            "int2": self._integer, "int4": self._integer, "int8": self._integer, "oid": self._integer,
            "numeric": self._number, "float4": self._number, "float8": self._number,
            "uuid": self._uuid, "bytea": self._bytes, "bool": self._bool,
            "date": self._day, "timestamp": self._moment, "timestamptz": self._moment_of_utc, "time": self._time,
            "macaddr": self._device, "macaddr8": self._device, "inet": self._address, "cidr": self._network,
        }.get(base)  # fmt: skip

    def _integer(self, value: str) -> str:
        return str(self.integers.of(int(value)))

    def _number(self, value: str) -> str:
        found = NUMBER.fullmatch(value)
        if found is None:  # no number, infinity, or one with an exponent
            return value if value.isalpha() else f"{self.permutation.bits(value.encode(), b'float') % 10**9}.5"
        sign, whole, rest = found.groups()
        whole = str(abs(self.integers.of(int(sign + whole))))
        if not rest:
            return sign + whole
        size, number = len(rest), int(rest)
        place = self.permutation.of_number(number // 10 * 9 + number % 10 - 1, 9 * 10 ** (size - 1), b"rest %d" % size)
        return f"{sign}{whole}.{place // 9 * 10 + place % 9 + 1:0{size}d}"

    def _uuid(self, value: str) -> str:
        found = self.texts.uuid(value.replace("-", ""))
        return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:]}"

    def _bytes(self, value: str) -> str:
        old = bytes.fromhex(value[2:])
        new = self.permutation.of_number(int.from_bytes(old, "big"), 256 ** len(old), b"bytes %d" % len(old))
        return "\\x" + new.to_bytes(len(old), "big").hex()

    def _device(self, value: str) -> str:
        digits = value.replace(":", "")
        new = self.permutation.of_number(int(digits, 16), 16 ** len(digits), b"device %d" % len(digits))
        return f"{new:0{len(digits)}x}"

    def _address(self, value: str) -> str:
        """Return an address of the same version, with a mask of the same length."""
        old = ip_interface(value)
        size = b"address %d" % old.max_prefixlen
        new = self.permutation.of_number(int(old.ip), 2**old.max_prefixlen, size)
        return f"{ip_address(new.to_bytes(old.max_prefixlen // 8, 'big'))}/{old.network.prefixlen}"

    def _network(self, value: str) -> str:
        """Return a network of the same size."""
        old = ip_network(value)
        rest = old.max_prefixlen - old.prefixlen
        size = b"network %d %d" % (old.max_prefixlen, old.prefixlen)
        new = self.permutation.of_number(int(old.network_address) >> rest, 2**old.prefixlen, size) << rest
        return f"{ip_address(new.to_bytes(old.max_prefixlen // 8, 'big'))}/{old.prefixlen}"

    def _bool(self, value: str) -> str:
        return "ft"[(value == "t") ^ (self.permutation.bits(b"", b"bool") & 1)]

    def _day(self, value: str) -> str:
        return f"J{JULIAN + self.days.of(int(value))}" if value.lstrip("-").isdigit() else value

    def _moment(self, value: str) -> str:
        if not value.lstrip("-").isdigit():
            return value
        moment = int(value)
        unit = _unit(moment)
        while True:
            moment = self.moments[unit].of(moment // unit) * unit
            if _unit(moment) == unit:
                break
        days, rest = divmod(moment, DAY)
        return f"J{JULIAN + days} {_clock(rest)}"

    def _moment_of_utc(self, value: str) -> str:
        found = self._moment(value)
        return f"{found}+00" if found.startswith("J") else found

    def _time(self, value: str) -> str:
        return _clock(self.permutation.of_number(int(value) % DAY, DAY, b"time"))


def _unit(moment: int) -> int:
    return next(unit for unit in UNITS if moment % unit == 0)


def _clock(microseconds: int) -> str:
    return (datetime(2000, 1, 1) + timedelta(microseconds=microseconds)).strftime("%H:%M:%S.%f")


def key_values(*, pattern: str, encoding: str, bounds: Iterable[str], conditions: Iterable[str] = ()) -> KeyValues:
    """Return new replacements, whose key nobody else has.

    `conditions` are those of CHECKs on keys; what they say of the beginning of a text stays true.
    `bounds` are those of all partitions, as PostgreSQL prints them: a value stays within the bounds that it is in.
    """
    permutation = Permutation()
    numbers, days, moments, kept = set[int](), _usual_days(), set[int](), set[str]()
    for bound in bounds:
        is_list = bound.startswith("FOR VALUES IN")
        for found in LITERAL.finditer(bound):
            text = found[0] if found[1] is None else found[1].replace("''", "'")
            kept.add(text)
            if re.fullmatch(r"-?\d+", text, re.ASCII):
                numbers |= {int(text), int(text) + is_list}
            elif (moment := _moment_of(text)) is not None:
                moments |= {moment, moment + is_list}
                days |= {-(-moment // DAY), moment // DAY + is_list}
    moments |= {day * DAY for day in days}
    whole = integers(permutation, numbers)
    texts = SpelledIds(permutation=permutation, integers=whole, pattern=pattern, kept=kept, encoding=encoding)
    texts.prefixes = {
        next(filter(None, one)) for text in (f"'^{pattern}'", *conditions) for one in BEGINS.findall(text)
    }
    return KeyValues(
        permutation=permutation,
        integers=whole,
        days=Ranges(permutation=permutation, bounds=tuple(sorted(days)), tweak=b"day"),
        moments={unit: _moments(permutation, moments, unit) for unit in UNITS},
        texts=texts,
    )


def _moments(permutation: Permutation, moments: Iterable[int], unit: int) -> Ranges:
    return Ranges(
        permutation=permutation, bounds=tuple(sorted({-(-one // unit) for one in moments})), tweak=b"moment %d" % unit
    )


def _usual_days() -> set[int]:
    """Return the days at which another range begins: what is past stays past."""
    named = (date(1, 1, 1), date(1900, 1, 1), datetime.now(UTC).date() + timedelta(days=1), date(2100, 1, 1))
    far = {-JULIAN, 106_000_000}
    return far | {(one - ORIGIN).days for one in (*named, date(9999, 12, 31))}


def _moment_of(text: str) -> int | None:
    """Return a literal as microseconds since 2000-01-01 in UTC, None where it is no moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    return round((found - datetime(2000, 1, 1)) / timedelta(microseconds=1))
