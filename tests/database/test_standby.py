"""On a standby everything can be looked at and nothing changed."""

import re
import threading
import time
from contextlib import contextmanager

import psycopg

from migrations_safety.backfill.batches import wait_for_standbys
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.snapshot import in_snapshot
from tests.support.factories import refer

ONE = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"


def test_a_standby_can_be_looked_at_and_not_migrated(hospital, standby_of):
    refer(hospital, "bills", ONE)
    standby = standby_of(hospital)

    looked, migrated = standby.run("precheck", "--format", "json"), standby.run("migrate")

    assert looked.code == 1, looked.said
    assert looked.json["database"]["in_recovery"] is True
    assert [one["orphan_rows"] for one in looked.json["references"] if one["table"] == "bills"] == [1]
    assert "target.W001" in {one["id"] for one in looked.json["findings"]}
    assert (migrated.code, migrated.out) == (2, "")
    assert (
        f'target.E002: The database "{hospital.name}" is a standby and read-only. Nothing was changed.' in migrated.err
    )
    assert ", standby, " in " ".join(standby.run("precheck").out.split())


def test_the_heavy_reading_goes_to_an_alias_and_the_report_says_how_far_it_lags(hospital, standby_of):
    refer(hospital, "bills", ONE)
    standby = standby_of(hospital)

    result = hospital.run("precheck", "--database", "replica", "--format", "json", DATABASE_URL_REPLICA=standby.url)
    text = hospital.run("precheck", "--database", "replica", DATABASE_URL_REPLICA=standby.url)

    assert (result.json["database"]["alias"], result.json["database"]["in_recovery"]) == ("replica", True)
    assert 0 <= result.json["seconds_behind"] < 60
    assert re.search(r"standby, \d+\.\d s behind, as", " ".join(text.out.split()))
    assert hospital.run("precheck", "--format", "json").json["seconds_behind"] is None


def test_several_sessions_read_a_standby_in_one_snapshot(hospital, standby_of):
    hospital.execute(MANY_BILLS.format(4000))
    hospital.execute('CREATE INDEX ON insurance_policies ("patientId")')
    hospital.execute("VACUUM ANALYZE")

    result = standby_of(hospital).run("precheck", "--jobs", "3", "--format", "json")

    assert "Counting 5 references by their indexes, ranges: 4" in result.err
    assert next(one["orphan_rows"] for one in result.json["references"] if one["table"] == "bills") == 4000


def test_a_standby_that_replays_late_says_so(hospital, standby_of):
    standby = standby_of(hospital)
    until_it_replays_late(standby, hospital, "1h")
    standby.wait_for("SELECT clock_timestamp() - pg_last_xact_replay_timestamp() > interval '1.1 s'")

    result = standby.run("precheck", "--format", "json")

    assert result.json["seconds_behind"] > 1


def until_it_replays_late(standby, primary, length):
    """Let it replay that much later, and wait until it holds a commit back: its startup process hears of it late."""
    primary.execute("CREATE TABLE something (id int)")
    standby.wait_for("SELECT to_regclass('something') IS NOT NULL")
    delay(standby, length)
    end = time.monotonic() + 60
    while not standby.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'RecoveryApplyDelay'"):
        assert time.monotonic() < end, "the standby goes on replaying at once"
        primary.execute("INSERT INTO something VALUES (1)")
        time.sleep(0.1)


def test_reading_that_the_standby_ends_begins_again_and_gives_up_in_a_sentence(hospital, standby_of):
    hospital.execute(MANY_BILLS.format(1600))
    standby = standby_of(hospital)
    configure(standby, "max_standby_streaming_delay", "0")

    with emptied_again_and_again(hospital) as stop, standby.start("precheck", "--max-rate", "1") as given_up:
        out, err = given_up.communicate(timeout=120)
        assert (given_up.returncode, out) == (2, "")
        assert err.count("The standby ended our reading to catch up with its primary") == 2
        assert "target.E006: The standby" in err
        assert "hot_standby_feedback = on" in err
        with standby.start("precheck", "--max-rate", "1", "--format", "json") as second:
            told = next(line for line in second.stderr if "ended our reading" in line)
            stop.set()
            out, err = second.communicate(timeout=120)

    assert "reading again (2)" in told
    assert second.returncode == 1, err
    assert '"verdict": "blocked"' in out


def test_a_session_that_the_standby_ends_between_two_statements_begins_again(hospital, standby_of, in_process):
    refer(hospital, "bills", ONE)
    standby = standby_of(hospital)
    configure(standby, "max_standby_streaming_delay", "0")
    connection, told = in_process(standby), Listening()
    pids = []

    def look():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), (SELECT count(*) FROM bills)")
            pids.append(cursor.fetchone()[0])
            if len(pids) == 1:
                hospital.execute("DELETE FROM bills")
                hospital.execute("VACUUM bills")
                standby.wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", *pids)
                standby.wait_for(REPLAYED, hospital.value("SELECT pg_current_wal_flush_lsn()::text"))
            cursor.execute("SELECT count(*), current_setting('datestyle') FROM bills")
            return cursor.fetchone()

    assert in_snapshot(connection, look, progress=told) == (0, "ISO, MDY")
    assert len({*pids}) == 2
    assert told.sentences == ["The standby ended our reading to catch up with its primary: reading again (2) …"]


REPLAYED = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
MANY_BILLS = """
    ALTER TABLE bills SET (fillfactor = 10);
    INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
    SELECT gen_random_uuid(), 'B-' || n, gen_random_uuid(), 500, now() FROM generate_series(1, {}) AS n"""


@contextmanager
def emptied_again_and_again(database):
    """Versions of rows go and are cleaned away, so that a standby cannot keep them for its readers."""
    stop = threading.Event()

    def work():
        with psycopg.connect(database.url, autocommit=True) as session:
            while not stop.wait(0.2):
                session.execute("UPDATE bills SET status = 'PAID' WHERE ctid IN (SELECT ctid FROM bills LIMIT 20)")
                session.execute("VACUUM bills")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield stop
    finally:
        stop.set()
        worker.join()


def test_batches_pause_while_a_standby_is_behind_and_say_why(hospital, standby_of, in_process):
    standby = standby_of(hospital)
    until_it_replays_late(standby, hospital, "1h")
    hospital.wait_for("SELECT max(replay_lag) > interval '1.1 s' FROM pg_stat_replication")
    behind = standby.value("SELECT pg_last_wal_replay_lsn()::text")
    told = Listening(then=lambda: delay(standby, "0"))

    wait_for_standbys(in_process(hospital), max_lag=1, progress=told)

    (sentence,) = told.sentences
    assert sentence.startswith("Paused: a standby is behind by ")
    assert sentence.endswith(" s, more than --max-lag 1.")
    assert standby.value("SELECT pg_last_wal_replay_lsn() > %s::pg_lsn", behind)


class Listening(Progress):
    """Keeps what is said, and does something about it."""

    def __init__(self, *, then=lambda: None):
        self.sentences, self.then = [], then

    def say(self, sentence):
        self.sentences.append(sentence)
        self.then()


def delay(standby, length):
    """Let the standby replay that much later."""
    configure(standby, "recovery_min_apply_delay", length)


def configure(server, setting, value):
    """Change a setting of a running server; from a session of its own."""
    with psycopg.connect(server.url, autocommit=True) as session:
        session.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
        session.execute("SELECT pg_reload_conf()")
