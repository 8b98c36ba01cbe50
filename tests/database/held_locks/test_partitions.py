"""Locks and work on partitions."""

from tests.support.held_locks import LONG, check, held


def test_partitions_are_told_with_their_table(plan, measured):
    _, database, _ = measured
    database.execute(
        "CREATE TABLE visit (id int, at date) PARTITION BY RANGE (id);"
        "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (1) TO (20000);"
        "CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM (20000) TO (50000);"
        "INSERT INTO visit SELECT g, now() FROM generate_series(1, 40000) AS g; SELECT pg_stat_force_next_flush()"
    )

    found = plan('migrations.RunSQL("CREATE INDEX ON visit (at)")')

    assert set(held(found)) == {"visit"}
    assert held(found)["visit"].because.count("builds an index on") == 2
    assert list(check(found, max_stall=LONG)) == ["locks.E002 visit"]


def test_the_default_partition_that_an_attached_one_makes_postgresql_read_is_named(plan, measured):
    _, database, _ = measured
    database.execute(
        "CREATE TABLE visit (id int) PARTITION BY RANGE (id); CREATE TABLE visit_9 (id int);"
        "CREATE TABLE visit_default PARTITION OF visit DEFAULT;"
        "INSERT INTO visit SELECT g FROM generate_series(1, 40000) AS g; SELECT pg_stat_force_next_flush()"
    )

    attach = "ALTER TABLE visit ATTACH PARTITION visit_9 FOR VALUES FROM (90000) TO (99999)"
    found = plan(f'migrations.RunSQL("{attach}")')

    default = held(found)["visit_default"]
    assert (default.lock, default.because) == ("AccessExclusiveLock", "reads 1.5 MB of visit_default")
    assert "locks.E002 visit_default" in check(found, max_stall=LONG)
