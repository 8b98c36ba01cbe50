"""What a rehearsal measures is what happened on the copy, on a server that works as the database's own."""

import threading
import time
from contextlib import closing

from migrations_safety.postgresql.copies import CopyOf
from migrations_safety.postgresql.second_connection import connection_parameters, open_connection
from migrations_safety.recovery.rehearsal.figures import measured
from migrations_safety.recovery.rehearsal.place import copy_place


def test_a_server_that_is_started_for_the_copy_has_the_settings_that_decide_how_long_it_takes(empty, in_process):
    empty.execute(f"ALTER DATABASE \"{empty.name}\" SET maintenance_work_mem = '77MB'")
    empty.execute(f'ALTER DATABASE "{empty.name}" SET synchronous_commit = off')

    with (
        copy_place(in_process(empty), CopyOf(oid=1, system_identifier=None, name=""), url=None) as place,
        closing(open_connection(place.parameters)) as session,
    ):
        asked = "SELECT current_setting('maintenance_work_mem'), current_setting('synchronous_commit')"
        found = session.execute(asked).fetchall()

    assert (place.where, found) == ("embedded", [("77MB", "off")])


def test_rows_are_counted_also_if_the_session_that_wrote_them_ends_a_moment_later(empty, in_process):
    empty.execute("CREATE TABLE ward (id int)")
    parameters = connection_parameters(in_process(empty))
    empty.close()
    in_process(empty).close()

    began = time.monotonic()
    with measured(parameters) as found:
        session = open_connection(parameters)
        session.execute("INSERT INTO ward SELECT generate_series(1, 7)")
        session.execute("INSERT INTO ward SELECT generate_series(1, 7)")
        ending = threading.Timer(0.3, session.close)
        ending.start()
    elapsed = time.monotonic() - began
    ending.join()

    assert found.rows() == {"ward": 14}
    assert elapsed - found.seconds > 0.2, "the wait for the session was counted"
