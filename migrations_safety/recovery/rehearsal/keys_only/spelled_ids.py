"""Replaces ids that are texts by others of the same class, in the same spelling.

The classes are those of the census (`census/identifier_classes.py`), tested in the same order. A UUID in capitals
becomes the UUID that stands for it, in capitals. A name becomes letters of the same number, with spaces where it has
some. What stands for no patient (nothing, `null`, the nil UUID) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from migrations_safety.census.identifier_classes import (
    BLANK,
    NAME_LIKE,
    NUMBER_LIKE,
    OPAQUE,
    RECORD_NUMBER,
    SENTINEL_WORDS,
)
from migrations_safety.recovery.rehearsal.keys_only.alphabets import ANY, HEX, alphabet_of, small
from migrations_safety.recovery.rehearsal.keys_only.permutation import Permutation, Ranges
from migrations_safety.schema.house_format import LONG_CODE, LONG_ENOUGH, MIXED

AROUND = re.compile(rf"({BLANK})?(.*?)({BLANK})?", re.DOTALL)
SPELLED = re.compile(
    r"(?:urn:uuid:)?(?:\{[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}"
    r"|[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12})",
    re.IGNORECASE | re.ASCII,
)
INTEGER = re.compile(r"([+-]?)(0*)([0-9]{1,19})", re.ASCII)
SENTINELS = frozenset(SENTINEL_WORDS)
WHOLE = re.compile("[+-]?[0-9]{1,19}", re.ASCII)
NUMBERED = re.compile(RECORD_NUMBER, re.ASCII)
LENGTHS_OF_GENERATED = frozenset({21, 24, 25, 26})
NUMBER_OF = re.compile(
    r"(mrn|medical record|record|patient|pat|pt|hn|uhid|emr|ehr|hosp|chart|file|mr|p|h|rec|reg|op|ip|opd|ipd)"
    r"(?![a-z])[ ./:#_-]*((no|nr|num|number|id)(?![a-z]))?[ ./:#_-]*",
    re.IGNORECASE,
)
"""The words at the beginning of a medical record number."""
GENERATED = (
    (re.compile("[0-9a-f]{24}"), (HEX,) * 24),
    (re.compile("c[a-z0-9]{24}"), ("c", *(ANY,) * 24)),
    (re.compile("[a-z][a-z0-9]{23}"), (ANY[10:], *(ANY,) * 23)),
    (re.compile("[0-7][0-9a-hjkmnp-tv-z]{25}"), ("01234567", *("0123456789abcdefghjkmnpqrstvwxyz",) * 25)),
    (re.compile("[A-Za-z0-9_-]{21}"), (ANY + ANY[10:].upper() + "_-",) * 21),
)
"""The kinds of generated ids, each with the symbols of its places."""
VERSION, VARIANT = 12, 16
"""The places of a UUID that say what kind it is."""
CLOCKLESS = 2**48
"""How many UUIDs there are that begin with 20 zeros."""


@dataclass(kw_only=True, slots=True)
class SpelledIds:
    """The replacements for texts."""

    permutation: Permutation
    integers: Ranges
    pattern: str = ""
    """The format of ids that the house registered."""
    kept: Collection[str] = ()
    """Texts that stand in the definitions of tables, and so in the copy anyhow."""
    prefixes: Collection[str] = ()
    """Beginnings that definitions demand of texts: one stays where it is."""
    encoding: str = "utf-8"

    def of(self, value: str) -> str:
        """Return the text that stands for this one."""
        if value in self.kept:
            return value
        around = AROUND.fullmatch(value)
        assert around is not None
        before, core, after = around[1] or "", around[2], around[3] or ""
        if SPELLED.fullmatch(core):
            core = self._uuid(core)
        elif number := INTEGER.fullmatch(core) if self.class_of(value) == "integer" else None:
            core = self._integer(*number.groups())
        elif core and core.lower() not in SENTINELS:
            return self._text(value, before, core, after)
        return before + core + after

    def class_of(self, value: str) -> str:
        """Return the class of a text, as the census would."""
        around = AROUND.fullmatch(value)
        assert around is not None
        core = around[2]
        small_core = core.lower()
        if len(core) >= 32 and SPELLED.fullmatch(core):
            return "uuid"
        if not core or small_core in SENTINELS:
            return "no_patient"
        if self.pattern and re.fullmatch(self.pattern, value):
            return "registered"
        if WHOLE.fullmatch(core):
            return "integer"
        if NUMBERED.search(small_core):
            return "mrn_like"
        if len(value) in LENGTHS_OF_GENERATED and _is_opaque(value):
            return "opaque"
        return "house_format" if len(value) >= LONG_ENOUGH and _is_long_code(value) else "other_text"

    def _uuid(self, core: str) -> str:
        lead = len("urn:uuid:") if core.lower().startswith("urn:uuid:") else 0
        spelled = core[lead:]
        old = "".join(one for one in spelled.lower() if one in HEX)
        digits = iter(_cased(self.uuid(old), spelled, self.permutation))
        return core[:lead] + "".join(next(digits) if one.lower() in HEX else one for one in spelled)

    def uuid(self, old: str) -> str:
        """Return the 32 digits of the UUID that stands for this one."""
        if len(set(old)) == 1:
            return old
        if old.startswith("0" * 20):
            return f"{self.permutation.of_number(int(old, 16) - 1, CLOCKLESS - 1, b'test uuid') + 1:032x}"
        kind = old[VERSION] + old[VARIANT]
        rest = old[:VERSION] + old[VERSION + 1 : VARIANT] + old[VARIANT + 1 :]
        found = f"{self.permutation.of_bits(int(rest, 16), 60, b'uuid' + kind.encode()):030x}"
        return found[:VERSION] + kind[0] + found[VERSION : VARIANT - 1] + kind[1] + found[VARIANT - 1 :]

    def _integer(self, sign: str, zeros: str, digits: str) -> str:
        number = self.integers.of(-int(digits) if sign == "-" else int(digits))
        return f"{sign}{zeros}{abs(number)}"

    def _text(self, value: str, before: str, core: str, after: str) -> str:
        """Replace letters and digits until the class is the one from before."""
        wanted = self.class_of(value)
        words = NUMBER_OF.match(core) if wanted == "mrn_like" else None
        kept, places = words.end() if words else 0, _places(core, is_opaque=wanted == "opaque")
        prefix = self._prefix(core)
        if len(prefix) > kept:
            kept, places = len(prefix), None
        found = core
        for _ in range(1000):  # a format of few values may have no other one
            found = found[:kept] + self._replaced(found[kept:], places)
            if self.class_of(before + found + after) == wanted and self._prefix(found) == prefix:
                return before + found + after
        return before + found + after

    def _prefix(self, core: str) -> str:
        return max((one for one in self.prefixes if core.startswith(one)), key=len, default="")

    def _replaced(self, core: str, places: tuple[str, ...] | None) -> str:
        is_upper = core == core.upper() and places is not None and core != core.lower()
        base = core.lower() if is_upper else core if places else "".join(map(small, core))
        alphabets = places or tuple([alphabet_of(one, self.encoding) for one in base])
        size, tweak = _size(alphabets)
        value = 0
        for one, alphabet in zip(base, alphabets, strict=True):
            value = value * len(alphabet) + alphabet.index(one)
        value = self.permutation.of_number(value, size, tweak)
        chosen = []
        for alphabet in reversed(alphabets):
            value, symbol = divmod(value, len(alphabet))
            chosen.append(alphabet[symbol])
        chosen.reverse()
        if is_upper:
            return "".join(chosen).upper()
        if places:
            return "".join(chosen)
        return "".join(one.upper() if new != old else one for one, new, old in zip(chosen, base, core, strict=True))


@lru_cache(maxsize=10_000)
def _size(alphabets: tuple[str, ...]) -> tuple[int, bytes]:
    """Return how many texts there are of these alphabets, and what they are called."""
    return prod(map(len, alphabets)), "\n".join(alphabets).encode("utf-8", "surrogatepass")


def _places(core: str, *, is_opaque: bool) -> tuple[str, ...] | None:
    """Return the symbols of each place of a generated id, or of a damaged one; None for any other text."""
    if is_opaque:
        return next(symbols for kind, symbols in GENERATED if kind.fullmatch(core) or kind.fullmatch(core.lower()))
    letters = set(core.replace("-", ""))
    is_damaged = len(core) >= LONG_ENOUGH and (letters <= set(HEX) or letters <= set(HEX.upper()))
    return tuple("-" if one == "-" else HEX for one in core) if is_damaged else None


def _cased(digits: str, like: str, permutation: Permutation) -> str:
    """Spell new digits in capitals where the old ones were, or in another mixture for each old one."""
    if like == like.lower():
        return digits
    if like == like.upper():
        return digits.upper()
    bits = permutation.bits(like.encode(), b"case")
    mixed = [one.upper() if bits >> place & 1 else one for place, one in enumerate(digits)]
    letters = [place for place, one in enumerate(digits) if one.isalpha()]
    for place, change in zip(letters, (str.upper, str.lower), strict=False):
        mixed[place] = change(mixed[place])
    return "".join(mixed)


def _is_opaque(value: str) -> bool:
    if not re.match(OPAQUE, value) or re.match(f"{NAME_LIKE}|{NUMBER_LIKE}", value):
        return False
    return re.search("[0-9]|([a-z][A-Z].*){3}", value, re.DOTALL) is not None


def _is_long_code(value: str) -> bool:
    is_long = len(value.replace("-", "")) >= LONG_ENOUGH
    return bool(is_long and re.match(LONG_CODE, value) and re.search(MIXED, value) and re.search("[g-zG-Z]", value))
