"""What replaces a key: another value of its kind for each, and no two get the same."""

import re
from ipaddress import ip_interface, ip_network

import pytest

from migrations_safety.recovery.rehearsal.keys_only.key_values import DAY, key_values
from migrations_safety.recovery.rehearsal.keys_only.permutation import Permutation, integers
from tests.support.identifiers import CANONICAL, SAMPLES

BOUNDS = (
    "FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')",
    "FOR VALUES IN ('north', 'sou''th')",
    "FOR VALUES FROM (40) TO (60)",
)


@pytest.fixture(scope="module")
def values():
    return key_values(pattern="[A-Z]{3}-[0-9]{6}", encoding="utf-8", bounds=BOUNDS)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 97, 1000, 4097])
def test_each_number_of_a_range_gets_another_one_of_it(size):
    permutation = Permutation()

    found = [permutation.of_number(number, size, b"any") for number in range(size)]

    assert sorted(found) == list(range(size))


def test_another_run_replaces_by_others():
    assert len({Permutation().of_number(7, 10**12, b"any") for _ in range(5)}) == 5


def test_an_integer_keeps_its_sign_its_length_and_the_types_that_hold_it():
    ranges = integers(Permutation(), [77])
    edges = [-(2**63), 2**63 - 1, -(2**31), 2**31 - 1, -32769, 32768]
    long = {sign * (10**power + more) for sign in (1, -1) for power in (19, 25, 40) for more in range(5)}
    numbers = {*range(-33000, -32000), *range(-200, 11000), *range(32700, 33000), *edges, *long}

    found = [ranges.of(one) for one in numbers]

    assert len(set(found)) == len(numbers)
    assert long.isdisjoint(map(ranges.of, long)), "a numeric has more digits than any integer"
    for old, new in zip(numbers, found, strict=True):
        assert (len(str(old)), old < 0, old >= 77) == (len(str(new)), new < 0, new >= 77)
        assert [-bound <= old < bound for bound in (2**15, 2**31, 2**63)] == [
            -bound <= new < bound for bound in (2**15, 2**31, 2**63)
        ]


@pytest.mark.parametrize("kind", SAMPLES)
def test_an_id_keeps_its_class(values, kind):
    for one in SAMPLES[kind]:
        new = values.texts.of(one)
        assert (values.texts.class_of(new), len(new)) == (values.texts.class_of(one), len(one)), one
        assert new == one or kind not in ("blank", "sentinel_word", "uuid_nil", "uuid_max")


def test_all_spellings_of_a_uuid_become_spellings_of_one(values):
    (new,) = {values.texts.of(CANONICAL)}

    assert new != CANONICAL and new[14] == CANONICAL[14]
    assert values.replace("uuid", "U", None)(CANONICAL) == new
    for one in SAMPLES["uuid_noncanonical"]:
        assert re.sub("[^0-9a-f]", "", values.texts.of(one).lower().replace("urn:uuid:", "")) == new.replace("-", "")


def test_texts_that_differ_stay_different_and_case_stays_a_case(values):
    texts = {
        f"{one}{other}{third}" for one in "aAbZ9- ü" for other in "aB1 éÉ患" for third in ("", "x", "X", "ß", "Nil")
    }

    found = {one: values.texts.of(one) for one in texts}

    assert len(set(found.values())) == len(texts)
    assert values.texts.of("Achieng@Example.Org").lower() == values.texts.of("achieng@example.org")
    assert values.texts.of("ÜBER Öl").lower() == values.texts.of("über öl")
    assert len({values.texts.of(one).lower() for one in ("Äa", "Öa", "äb", "ÿa", "Éa")}) == 5
    assert values.texts.of("Achieng Otieno") != "Achieng Otieno"


def test_what_stands_in_bounds_of_partitions_stays_and_the_rest_stays_within_them(values):
    text, whole = values.replace("text", "S", None), values.replace("int4", "N", None)
    moment = values.replace("timestamptz", "D", None)

    assert (text("north"), text("sou'th")) == ("north", "sou'th")
    assert {40 <= int(whole(str(number))) < 60 for number in range(40, 60)} == {True}
    days = [int(moment(str((8766 + day) * DAY)).split()[0][1:]) - 2_451_545 for day in range(366)]
    assert sorted(days) == list(range(8766, 8766 + 366))


def test_numbers_dates_bytes_and_labels_stay_different(values):
    numbers = {f"{number / 100:.2f}".rstrip("0").rstrip(".") for number in range(-300, 300)}
    cases = {
        ("numeric", "N", None): numbers,
        ("date", "D", None): {str(day) for day in range(-2000, 12000, 7)} | {"infinity"},
        ("timestamp", "D", None): {str(hour * 3_600_000_000) for hour in range(-3000, 3000)},
        ("bytea", "U", None): {f"\\x{number:04x}" for number in range(3000)} | {"\\x"},
        ("time", "D", None): {str(number * 60_000_000) for number in range(1440)},
        ("macaddr", "U", None): {f"02:00:00:00:{number // 16:02x}:0{number % 16:x}" for number in range(3000)},
        ("macaddr8", "U", None): {"02:00:00:ff:fe:00:00:01", "02:00:00:ff:fe:00:00:02"},
        ("inet", "I", None): {f"10.0.{number}.7/24" for number in range(250)}
        | {"10.0.0.7/32", "fe80::7/64", "::1/128"},
        ("cidr", "I", None): {f"10.{number}.0.0/16" for number in range(250)} | {"10.0.0.0/8", "2001:db8::/32"},
        ("mood", "E", ("a", "b", "c")): {"a", "b", "c"},
        ("bool", "B", None): {"t", "f"},
    }
    for (base, category, labels), old in cases.items():
        replace = values.replace(base, category, labels)
        assert len({replace(one) for one in old}) == len(old), base
    assert values.replace("interval", "T", None) is None


def test_an_address_keeps_its_version_and_its_mask_and_a_network_has_no_address_of_a_host(values):
    address, network = values.replace("inet", "I", None), values.replace("cidr", "I", None)

    assert {address(one).partition("/")[2] for one in ("10.0.0.7/24", "10.0.0.8/24")} == {"24"}
    assert [ip_interface(address(one)).version for one in ("10.0.0.7/32", "fe80::7/128")] == [4, 6]
    assert [ip_network(network(one)).prefixlen for one in ("10.7.0.0/16", "2001:db8::/32", "0.0.0.0/0")] == [16, 32, 0]
