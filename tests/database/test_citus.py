"""On a real Citus (PostgreSQL 15, a coordinator and two workers): a distributed schema for each hospital.

Citus is in no wheel and not in Debian, so these tests run where somebody has built it for PostgreSQL 15.
"""

import psycopg
import pytest

from migrations_safety.postgresql.embedded_server import NoServerBinaries, Server, extensions_of
from tests.support.cluster import NUMBERS, SETTINGS, Database, new_folder, schema
from tests.support.factories import new_id, refer

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql, pytest.mark.timeout(300)]
ALONE = SETTINGS | {
    "shared_preload_libraries": "citus",
    "wal_level": "logical",
    "max_connections": "200",
    "citus.node_conninfo": "sslmode=disable",
}


def has_citus():
    try:
        return "citus" in extensions_of(15)
    except NoServerBinaries:
        return False


@pytest.fixture(scope="module")
def nodes():
    if not has_citus():
        pytest.skip("Citus is not installed for PostgreSQL 15")
    servers = [Server.create(version=15, folder=new_folder(), settings=ALONE) for _ in range(3)]
    for server in servers:  # nodes reach each other without a password
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
        server.run("pg_ctl", "-D", str(server.data), "reload")
    yield servers
    for server in servers:
        server.remove()


@pytest.fixture
def cluster(nodes):
    """A database on the coordinator and both workers."""
    name = f"hospitals_{next(NUMBERS)}"
    for server in nodes:
        with psycopg.connect(server.url(), autocommit=True) as session:
            session.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(server.url(name), autocommit=True) as session:
            session.execute("CREATE EXTENSION citus")
    coordinator, *workers = nodes
    database = Database(server=coordinator, name=name)
    database.execute(f"SELECT citus_set_coordinator_host('127.0.0.1', {coordinator.port})")
    for worker in workers:
        database.execute(f"SELECT citus_add_node('127.0.0.1', {worker.port})")
    yield database
    database.close()


@pytest.fixture
def hospital_a(cluster):
    """The URL of a hospital in a distributed schema, with three orphans."""
    cluster.execute("CREATE SCHEMA hospital_a; SET search_path = hospital_a")
    cluster.execute(schema("legacy", "uuid").replace('"public"', '"hospital_a"'))
    refer(cluster, "bills", new_id(), new_id(), new_id())
    cluster.execute("RESET search_path")
    cluster.execute("SELECT citus_schema_distribute('hospital_a')")
    return cluster.along("hospital_a")


def found(result, finding):
    return [one for one in result.json["findings"] if one["id"] == finding]


def test_a_hospital_in_a_distributed_schema_is_deployed(cluster, hospital_a):
    looked = cluster.run("precheck", "--format", "json", "--no-measure", url=hospital_a)
    filled = cluster.run("backfill_placeholders", "--format", "json", url=hospital_a)
    migrated = cluster.run("migrate", url=hospital_a)
    verified = cluster.run("verify_patient_schema", "--format", "json", url=hospital_a)
    audited = cluster.run("audit_runs", "--format", "json", url=hospital_a)

    assert looked.code in (0, 1), looked.said
    assert [one.code for one in (filled, migrated, verified, audited)] == [0, 0, 0, 0], filled.said + migrated.said
    (met,) = found(looked, "target.I004")
    assert "with 2 workers. The schema hospital_a is a distributed schema." in met["message"]
    assert sum(one["orphan_rows"] for one in looked.json["references"]) == 3
    assert filled.json["created"] == 3
    assert verified.json["verdict"] == "verified"
    assert [one["id"] for one in audited.json["findings"]] == ["audit.I001"]


@pytest.mark.parametrize(
    "arguments", [["--nullify", "bills"], ["--nullify", "bills", "--dry-run"], ["--restore-nullified"]]
)
def test_references_are_not_set_to_null_in_a_distributed_schema(cluster, hospital_a, arguments):
    result = cluster.run("backfill_placeholders", *arguments, url=hospital_a)

    assert result.code == 2
    assert "hospital_a is a distributed schema of Citus" in result.err
    assert cluster.value('SELECT count("patientId") FROM hospital_a.bills') == 3
    assert cluster.value("SELECT to_regclass('hospital_a.patients')") is None


def test_what_would_give_a_wrong_number_is_refused(cluster, hospital_a, tmp_path):
    file = str(tmp_path / "census.json")
    cluster.run("precheck", "--format", "json", "--output", file, url=hospital_a)

    estimated = cluster.run("precheck", "--approximate", url=hospital_a)
    continued = cluster.run("migrate", "--census", file, url=hospital_a)

    assert (estimated.code, continued.code) == (2, 2)
    assert "--approximate is not for it" in estimated.err
    assert "--census is not for it" in continued.err


def test_a_deployed_hospital_is_rolled_back(cluster, hospital_a):
    cluster.run("backfill_placeholders", url=hospital_a)
    cluster.run("migrate", url=hospital_a)

    result = cluster.run("rollback_patient_module", url=hospital_a)

    assert result.code == 0, result.said
    assert cluster.value("SELECT to_regclass('hospital_a.patients')") is None
    assert cluster.value('SELECT count("patientId") FROM hospital_a.bills') == 3


def test_tables_distributed_by_a_column_are_refused(cluster):
    cluster.execute(schema("legacy", "uuid"))
    cluster.execute("SELECT create_reference_table('users')")
    cluster.execute("SELECT create_distributed_table('insurance_policies', 'id')")
    refer(cluster, "surgical_cases", new_id())

    looked = cluster.run("precheck", "--format", "json", "--no-measure")
    migrated = cluster.run("migrate")

    assert (looked.code, migrated.code) == (1, 1), looked.said + migrated.said
    assert looked.json["references"] == []
    assert {one["subject"] for one in found(looked, "target.E012")} == {"insurance_policies", "users"}
    assert "must contain id" in found(looked, "target.E012")[0]["message"]
