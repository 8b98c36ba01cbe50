"""While a key comes, writes to its target wait until the commit; so in a migration nothing comes between the two."""

import pytest
from django.db import OperationalError

from migrations_safety.locking.lock_ladder import LockLadder
from tests.torture.relay import Boundaries


def test_the_keys_to_users_are_the_last_statements_before_the_record_and_the_commit(hospital):
    socket = hospital.server.folder / f".s.PGSQL.{hospital.server.port}"

    with Boundaries(socket) as relay:
        done = hospital.run("migrate", "patients", url=relay.url(hospital.name, hospital.server.port))

    assert done.code == 0, done.said
    keys = [number for number, text in enumerate(relay.statements) if 'REFERENCES "users"' in text]
    assert len(keys) == 6
    since = [text.split()[0] for text in relay.statements[keys[0] :]]
    # The limit of waiting is set anew, and where the search path leads is made sure of, before the record.
    assert since[:11] == ["ALTER"] * 6 + ["RELEASE", "SELECT", "SELECT", "INSERT", "COMMIT"]


class Impatient:
    """A watchdog that has cancelled between two statements."""

    has_cancelled = may_cancel = True


def test_a_cancel_between_two_statements_ends_the_attempt_all_the_same():
    ladder = object.__new__(LockLadder)
    vars(ladder).update(watchdog=Impatient(), wrote_elsewhere=False)

    with pytest.raises(OperationalError) as caught:
        ladder.give_way()

    assert ladder.is_conflict(caught.value)
