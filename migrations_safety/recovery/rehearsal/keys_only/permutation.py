"""Replaces numbers by others of the same range, by a key that is random and lives as long as the process.

It is a Feistel network over two factors of the range: each number gets another one, and no two get the same. Without
the key nobody can tell which number was replaced by which.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b, shake_256
from math import isqrt

ROUNDS, ROUNDS_OF_LARGE = 8, 4
LARGE = 2**64
"""From this size on fewer rounds are enough."""
_NUMBERS = [bytes([number]) for number in range(ROUNDS_OF_LARGE)]
KEYED = 56
"""How many bytes one keyed hash gives at most; longer ones come from another function."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Permutation:
    """A keyed permutation of each range of numbers."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def of_number(self, value: int, size: int, tweak: bytes) -> int:
        """Return the number below `size` that stands for `value`; `tweak` is what the range is used for."""
        if size < 2:
            return value
        left = isqrt(size - 1) + 1
        right = -(-size // left)
        while True:  # the factors may give a few numbers more than there are
            value = self._mixed(value, left, right, tweak)
            if value < size:
                return value

    def of_bits(self, value: int, half: int, tweak: bytes) -> int:
        """Return the number of twice `half` bits that stands for `value`, at most 128; faster than `of_number`."""
        mask = (1 << half) - 1
        one, other = value >> half, value & mask
        for number in range(0, ROUNDS_OF_LARGE, 2):
            keyed = blake2b(other.to_bytes(8, "big") + tweak + _NUMBERS[number], key=self.key, digest_size=8)
            one ^= int.from_bytes(keyed.digest(), "big") & mask
            keyed = blake2b(one.to_bytes(8, "big") + tweak + _NUMBERS[number + 1], key=self.key, digest_size=8)
            other ^= int.from_bytes(keyed.digest(), "big") & mask
        return one << half | other

    def bits(self, value: bytes, tweak: bytes) -> int:
        """Return 64 bits that depend on the value."""
        return self._hash(value, tweak, 8)

    def _mixed(self, value: int, left: int, right: int, tweak: bytes) -> int:
        one, other = divmod(value, right)
        rounds = ROUNDS if left * right < LARGE else ROUNDS_OF_LARGE
        of_left, of_right = _bytes(left), _bytes(right)
        for number in range(0, rounds, 2):
            there = other.to_bytes(of_right, "big") + bytes([number])
            one = (one + self._hash(there, tweak, of_left + 8)) % left
            there = one.to_bytes(of_left, "big") + bytes([number + 1])
            other = (other + self._hash(there, tweak, of_right + 8)) % right
        return one * right + other

    def _hash(self, value: bytes, tweak: bytes, size: int) -> int:
        told = len(tweak).to_bytes(4, "big") + tweak + value
        if size <= KEYED:
            return int.from_bytes(blake2b(told, key=self.key, digest_size=size).digest(), "big")
        return int.from_bytes(shake_256(self.key + told).digest(size), "big")


def _bytes(size: int) -> int:
    return (size.bit_length() + 7) // 8


POWERS = [10**power for power in range(1, 20)]
TYPES = [2**15, 2**31, 2**63]
"""The first numbers that the types smallint, integer and bigint do not hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranges:
    """A permutation of all integers, that leaves each in its range; no range has a bound within it."""

    permutation: Permutation
    bounds: tuple[int, ...]
    """The first number of each range but the lowest."""
    tweak: bytes
    has_no_end: bool = False
    """Whether there may be values of any length: `numeric` holds more digits than any integer."""

    def of(self, value: int) -> int:
        """Return the integer that stands for this one.

        One outside of all bounds keeps its sign and number of digits; a moment, of which the type has no more, stays.
        """
        place = bisect_right(self.bounds, value)
        if 0 < place < len(self.bounds):
            least, end = self.bounds[place - 1], self.bounds[place]
            return least + self.permutation.of_number(value - least, end - least, b"%s %d" % (self.tweak, least))
        if not self.has_no_end:
            return value
        size = abs(value)
        least = int(10 ** (len(str(size)) - 1))
        size = least + self.permutation.of_number(size - least, 9 * least, b"%s beyond %d" % (self.tweak, least))
        return size if value > 0 else -size


def integers(permutation: Permutation, further: Iterable[int] = ()) -> Ranges:
    """Return the permutation of integers: an integer keeps its sign, its number of digits, and the types it fits.

    `further` are numbers at which something else begins, as the bounds of partitions.
    """
    positive = {-1, 0, 1, *POWERS, *TYPES, 10**19}
    negative = {*(-power + 1 for power in POWERS), *(-one for one in TYPES)}  # -32768 is a smallint, -32769 is none
    return Ranges(
        permutation=permutation,
        bounds=tuple(sorted(positive | negative | set(further))),
        tweak=b"integer",
        has_no_end=True,
    )
