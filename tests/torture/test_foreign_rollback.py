"""In a project that is none of ours a rollback ends where the first command began, wherever it was killed."""

import os
import signal
import threading

import pytest
from psycopg import sql

from tests.support.cluster import NUMBERS, Database
from tests.support.commands import Running, environment
from tests.support.foreign_project import BASE, ROWS, ForeignProject, everything
from tests.torture.kills import committing
from tests.torture.relay import Boundaries, Stop

pytestmark = pytest.mark.timeout(1800)  # seconds: it runs some hundred commands
ROLL_BACK = ("rollback_migrations", *BASE, "--no-progress")


@pytest.fixture(scope="module")
def foreign(cluster, tmp_path_factory):
    """A template of the deployed database, what was there before, and how to run a command in a copy."""
    project = ForeignProject(tmp_path_factory.mktemp("foreign"))
    template = cluster.create("empty", "uuid")
    assert template.run("migrate", *BASE, **project.variables).code == 0
    template.execute(ROWS)
    before = everything(template)
    done = template.run("migrate", **project.variables)
    assert done.code == 0, done.said
    template.close()
    return cluster, project, template, before


def copy_of(cluster, template):
    database = Database(cluster.server, f"foreign_{next(NUMBERS)}", template.id_type)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    cluster.administration.execute(statement.format(sql.Identifier(database.name), sql.Identifier(template.name)))
    return database


def run(project, url, log, then=None):
    """Run the command; `then` gets its process id. Return its exit code."""
    with log.open("w") as file:
        variables = environment(DATABASE_URL=url, EHR_ID_TYPE="uuid", **project.variables)
        with Running(*ROLL_BACK, variables=variables, log=file) as command:
            if then:
                then(command.pid)
            return command.wait()


def relayed(database, project, log, stop=None):
    """Run the command through a relay that may kill it; return its statements and exit code."""
    started, pid = threading.Event(), []

    def strike(_backend):
        started.wait()
        os.kill(pid[0], signal.SIGKILL)

    def begun(number):
        pid.append(number)
        started.set()

    socket = database.server.folder / f".s.PGSQL.{database.server.port}"
    with Boundaries(socket, stop=stop, strike=strike) as relay:
        code = run(project, relay.url(database.name, database.server.port), log, then=begun)
    return relay.statements, code


def test_killed_around_any_commit_it_ends_as_before_the_first_command_when_run_again(foreign, tmp_path):
    cluster, project, template, before = foreign
    log = tmp_path / "said"
    first = copy_of(cluster, template)
    statements, code = relayed(first, project, log)
    assert code == 0, log.read_text()
    assert everything(first) == before
    cluster.drop(first)
    commits = committing(statements)
    assert len(commits) > 15

    stops = [Stop(number=one, answered=bool(place % 4)) for place, one in enumerate(commits, start=1)]
    for stop in stops:
        database = copy_of(cluster, template)
        _, code = relayed(database, project, log, stop)
        said = log.read_text()
        again = run(project, database.url, log)
        assert again == 0, f"killed after {statements[stop.number - 1]!r} ({code}): {said} {log.read_text()}"
        assert everything(database) == before, f"killed after {statements[stop.number - 1]!r}"
        cluster.drop(database)


GONE = ("ward/0002_stays", "ward/0003_apart", "ward/0004_squashed", "ward/0006_sql", "yard/0001_initial")


def test_the_files_of_its_migrations_may_be_gone(foreign, tmp_path):
    cluster, _, template, before = foreign
    project = ForeignProject(tmp_path)
    project.forget(*GONE)
    database = copy_of(cluster, template)

    code = run(project, database.url, tmp_path / "said")

    assert code == 0, (tmp_path / "said").read_text()
    assert everything(database) == before
    cluster.drop(database)


def test_rows_that_arrive_meanwhile_stay(foreign, tmp_path):
    cluster, project, template, before = foreign
    database = copy_of(cluster, template)
    ended = threading.Event()
    failed = []

    def write():
        with database.session() as session:
            session.autocommit = True
            while not ended.wait(0.02):
                try:
                    session.execute("INSERT INTO ward_bed (name) VALUES ('arrived')")
                except Exception as error:
                    failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    code = run(project, database.url, tmp_path / "said")
    ended.set()
    writer.join()

    assert (code, failed) == (0, []), (tmp_path / "said").read_text()
    assert database.value("SELECT count(*) FROM ward_bed WHERE name = 'arrived'") > 5
    database.execute("DELETE FROM ward_bed WHERE name = 'arrived'")
    assert everything(database) == before
    cluster.drop(database)
