"""What a rehearsal needs to read the database: the rights of a backup, and a session that nobody ends."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]


def test_a_role_that_may_not_read_everything_is_told_what_it_lacks(hospital, new_role):
    role = new_role()

    poor = hospital.run("rehearse", url=hospital.server.url(hospital.name, user=role, password="secret"))

    assert poor.code == 2
    assert f'There is no copy: the role "{role}" may not read everything' in poor.said
    assert f'As a superuser: GRANT pg_read_all_data TO "{role}";' in poor.said


def test_a_limit_for_idle_transactions_does_not_end_the_snapshot(hospital):
    five_hundred = "FOR n IN 1..500 LOOP EXECUTE format('CREATE TABLE t%s (id int)', n); END LOOP"
    hospital.execute(f"DO $$ BEGIN {five_hundred}; END $$")
    hospital.execute(f"""ALTER DATABASE "{hospital.name}" SET idle_in_transaction_session_timeout = '200ms'""")

    done = hospital.run("rehearse", "--writers", "0")

    assert "On the copy: precheck" in done.err, done.said
