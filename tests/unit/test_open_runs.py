"""Which runs are open is seen in the database: in what is recorded, what is kept, and which references are NULL."""

from datetime import UTC, datetime, timedelta

import pytest

from migrations_safety.kept.kept_record import Kept
from migrations_safety.recovery.diagnosis.open_runs import Shown, open_runs
from migrations_safety.recovery.diagnosis.recorded_runs import Recorded

START = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
FILES = frozenset({"a.0001", "a.0002", "b.0001"})


def run(command, *labels, event="started", minute=0, goes_back=False, **arguments):
    began = START + timedelta(minutes=minute)
    asked = {"command": command, "checksums": dict.fromkeys(labels, ""), "arguments": arguments} | (
        {"goes_back": True} if goes_back else {}
    )
    return Recorded(run_id=f"{minute}", started_at=began, asked=asked, event=event, ended_at=began, told={})


def kept(number, minute=0):
    return Kept(
        number=number, kind="table", schema="public", table="t", column=None, kept_name="k", migration="a.0002",
        run_id=None, kept_at=START + timedelta(minutes=minute), definition={},
    )  # fmt: skip


def opened(*runs, recorded=(), things=(), has_images=True):
    """The numbers of the open runs with what is left of each; the runs are given oldest first."""
    shown = Shown(recorded=frozenset(recorded), files=FILES, kept=tuple(things), has_images=has_images)
    found = open_runs(sorted(runs, key=lambda one: one.started_at, reverse=True), shown)
    return {one.run.run_id: one.left if one.left is None else set(one.left) for one in found}


DEPLOY = run("migrate", "a.0001", "a.0002", "b.0001")
LATER = run("migrate", "b.0001", event="finished", minute=9)


def test_a_deploy_is_open_while_a_migration_of_it_is_missing_whatever_ran_later():
    assert opened(DEPLOY, LATER, recorded=("a.0001", "b.0001")) == {"0": {"a.0002"}}
    assert opened(DEPLOY, LATER, recorded=FILES) == {}


def test_a_migration_whose_file_is_gone_is_not_waited_for():
    assert opened(run("migrate", "a.0001", "a.0009"), LATER, recorded=("a.0001",)) == {}


def test_the_last_run_is_told_also_if_only_its_end_is_missing():
    assert opened(DEPLOY, recorded=FILES) == {"0": set()}


def test_a_rollback_is_open_while_one_of_its_migrations_is_recorded():
    back = run("rollback_migrations", "a.0001", "a.0002", minute=1)

    assert opened(back, LATER, recorded=("a.0001", "b.0001")) == {"1": {"a.0001"}}
    assert opened(back, LATER, recorded=("b.0001",)) == {}
    assert opened(run("migrate", "a.0002", goes_back=True), recorded=("a.0002",)) == {"0": {"a.0002"}}


def test_a_deploy_that_was_rolled_back_is_given_up():
    back = run("rollback_migrations", "a.0001", minute=5, event="finished")

    assert opened(DEPLOY, back) == {}


def test_of_several_tries_the_last_is_told():
    assert opened(DEPLOY, run("migrate", "a.0002", "b.0001", minute=1), recorded=("a.0001",)) == {
        "1": {"a.0002", "b.0001"}
    }


@pytest.mark.parametrize("command", ["restore_dropped", "purge_dropped"])
def test_what_was_asked_for_and_is_still_kept_is_left(command):
    assert opened(run(command, numbers=[1, 2]), LATER, things=(kept(2), kept(3))) == {"0": {"2"}}
    assert opened(run(command), LATER, things=(kept(2), kept(3, minute=1))) == {"0": {"2"}}
    assert opened(run(command, numbers=[1]), LATER, things=(kept(3),)) == {}


def test_what_the_database_does_not_show_needs_a_later_run():
    backfill, restored = run("backfill_placeholders"), run("backfill_placeholders", minute=1, restore_nullified=True)

    assert opened(backfill) == {"0": None}
    assert opened(backfill, LATER) == {}
    assert opened(backfill, run("backfill_placeholders", event="finished", minute=2)) == {}
    assert opened(backfill, restored) == {"0": None, "1": None}
    assert opened(restored, LATER, has_images=False) == {}


def test_a_killed_rollback_is_typed_again_with_all_that_a_person_has_agreed_to():
    asked = {"accepted_code": ["a.0002"], "discard": 2, "discard_option": "--discard-patients", "leave_nullified": 1}

    assert run("rollback_patient_module", **asked).again == (
        "rollback_patient_module", "--accept-code", "a.0002", "--discard-patients", "2", "--leave-nullified", "1",
    )  # fmt: skip
    assert run("rollback_migrations", app_label="a", migration_name="zero", discard=3).again == (
        "rollback_migrations", "a", "zero", "--discard-rows", "3",
    )  # fmt: skip
