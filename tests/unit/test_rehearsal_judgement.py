"""What happened beside the writers is judged as what happened alone: a deploy that fails there does not pass."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from migrations_safety.postgresql.pooler import Pooler
from migrations_safety.postgresql.target import Target
from migrations_safety.recovery.rehearsal.judgement import judge
from migrations_safety.recovery.rehearsal.options import Limits
from migrations_safety.recovery.rehearsal.report import Basis, KeysOnly, RehearsalReport, Stall, Step

QUIET = Stall(table="bills", writes=9, longest_ms=3, errors={})


@pytest.fixture
def report():
    target = Target(
        alias="default", name="h", host="db", port=5432, server_version="18.4", in_recovery=False, role="deploy",
        schema="public", may_create=True, pooler=Pooler.NONE, in_transaction=False, seconds_behind=None,
    )  # fmt: skip
    basis = Basis(
        system_identifier="1", database_oid=1, server_major=18, migrations={}, catalog="", catalog_before_migrate=None,
        rows={},
    )  # fmt: skip
    empty: dict[str, Any] = dict.fromkeys(("left_out", "not_restored", "steps", "differing_tables", "forecast"), ())
    return RehearsalReport(
        target=target, place="server", why_not_the_server=None, copy_version="18.4", finished_at=datetime.now(UTC),
        basis=basis, seconds_to_copy=1, seconds_to_clone=1, stalls=(QUIET,), compared_tables=1, rows_compared=1,
        limits=Limits(), kept=None, findings=(), **empty,
    )  # fmt: skip


def ids(report, **more):
    return [one.id for one in judge(report, schema_is_back=True, refused=(), **more)]


def test_writes_without_an_error_are_no_finding(report):
    assert ids(report) == []


def test_a_write_that_failed_is_an_error(report):
    failed = replace(report, stalls=(replace(QUIET, errors={"42703": 2}),))

    (found,) = judge(failed, schema_is_back=True, refused=())

    assert (found.id, found.message) == ("rehearsal.E007", "refused 2 writes beside the deploy (SQLSTATE 42703).")


@pytest.mark.parametrize(("before", "after", "limits", "found"), [
    (60, 900, Limits(), []),
    (60, 1_100, Limits(), ["rehearsal.E004"]),
    (4_000, 5_900, Limits(), []),
    (4_000, 6_100, Limits(), ["rehearsal.E004"]),
    (60, 70, Limits(growth_percent=10, growth_mb=0), ["rehearsal.E004"]),
])  # fmt: skip
def test_the_database_may_grow_by_half_or_by_a_gigabyte_and_by_what_is_named(report, before, after, limits, found):
    step = Step(
        name="migrate", command="migrate", exit_code=0, seconds=1, locks=(), rows={}, wal_bytes=0, temporary_bytes=0,
        size_before=before * 1_000_000, size_after=after * 1_000_000, findings=(), said="",
    )  # fmt: skip

    assert ids(replace(report, steps=(step,), limits=limits)) == found


def test_what_a_copy_with_keys_only_lacks_is_named_and_no_error(report):
    made = KeysOnly(
        tables=2, rows=9, keys=3, filled=4, as_they_are=(), lost=("CHECK a of t: could fail",),
        left_out=("CHECK b of t",), empty=("public.t",), plan_unknown="no server",
    )  # fmt: skip

    found = judge(replace(report, keys_only=made), schema_is_back=True, refused=())

    assert [one.id.partition(".")[2] for one in found] == ["W010", "W011", "W012", "W013", "I010"]
    assert found[0].message == "differs on the copy with made-up rows: could fail."
    assert "no server" in found[3].message
