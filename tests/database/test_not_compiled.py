"""No query of ours is compiled (JIT): on the catalog that takes longer than the query, and others may wait for us."""

from subprocess import CalledProcessError

import pytest

from tests.support.cluster import Cluster, new_server
from tests.support.factories import new_id, refer

SETTINGS = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all", "jit_above_cost": "0"}
COMPILED = """
    SELECT DISTINCT query FROM pg_stat_statements
    WHERE jit_functions > 0 AND query NOT LIKE '%pg_stat_statements%'
      AND query NOT LIKE 'SELECT set_config(%' AND query NOT LIKE 'SELECT name, reset_val FROM pg_settings%'"""
"""The statements that were compiled, but for those of the test itself, and for those with which a session begins."""
COMMANDS = (
    "precheck", "backfill_placeholders", "migrate", "verify_patient_schema", "verify_schema", "audit_runs", "diagnose",
    "rollback_patient_module --dry-run", "migrate ehr 0001 --keep-dropped", "migrate",
)  # fmt: skip


@pytest.fixture
def compiling():
    """A hospital on a server that compiles every query, unless the session says otherwise."""
    try:
        cluster = Cluster(new_server(**SETTINGS))
    except CalledProcessError:
        pytest.skip("this PostgreSQL has no pg_stat_statements")
    try:
        if cluster.administration.execute("SELECT pg_jit_available()").fetchone() != (True,):
            pytest.skip("this PostgreSQL was built without LLVM")
        database = cluster.create("hospital")
        yield database
        database.close()
    finally:
        cluster.remove()


@pytest.mark.of_distribution
def test_no_statement_of_a_deploy_is_compiled(compiling):
    refer(compiling, "bills", new_id())
    compiling.execute("CREATE EXTENSION pg_stat_statements")

    for command in COMMANDS:
        compiling.execute("SELECT pg_stat_statements_reset()")
        done = compiling.run(*command.split())
        assert (command, compiling.rows(COMPILED)) == (command, [])
        assert done.code in (0, 1), done.said
