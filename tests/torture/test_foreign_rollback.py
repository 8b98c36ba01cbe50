"""In a project that is none of ours a rollback ends where the first command began, wherever it was killed."""

import threading
from dataclasses import replace

import pytest

from tests.support.foreign_project import BASE, ROWS, ForeignProject, everything
from tests.torture.commits import EVERY_BOUNDARY, AroundCommits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(0 if EVERY_BOUNDARY else 1800),  # seconds: it runs some sixty commands
]
ROLL_BACK = ("rollback_migrations", *BASE, "--no-progress")


@pytest.fixture(scope="module")
def foreign(cluster, tmp_path_factory):
    """The deployed database, and what was there before."""
    folder = tmp_path_factory.mktemp("foreign")
    variables = ForeignProject(folder).variables
    template = cluster.create("empty", "uuid")
    assert template.run("migrate", *BASE, **variables).code == 0
    template.execute(ROWS)
    before = everything(template)
    done = template.run("migrate", **variables)
    assert done.code == 0, done.said
    return AroundCommits(cluster=cluster, template=template, variables=variables, said=folder / "said"), before


def test_killed_anywhere_it_ends_as_before_the_first_command_when_run_again(foreign):
    around, before = foreign
    database, stops = around.stops(*ROLL_BACK, others=6)
    assert everything(database) == before
    around.cluster.drop(database)
    assert len(stops) > 20

    for database, where in around.killed(*ROLL_BACK, stops=stops):
        assert everything(database) == before, where


GONE = ("ward/0002_stays", "ward/0003_apart", "ward/0004_squashed", "ward/0006_sql", "yard/0001_initial")


def test_the_files_of_its_migrations_may_be_gone(foreign, tmp_path):
    around, before = foreign
    project = ForeignProject(tmp_path)
    project.forget(*GONE)
    database = around.copy()

    code = replace(around, variables=project.variables).run(*ROLL_BACK, url=database.url)

    assert code == 0, around.said.read_text()
    assert everything(database) == before
    around.cluster.drop(database)


def test_rows_that_arrive_meanwhile_stay(foreign):
    around, before = foreign
    database = around.copy()
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
    code = around.run(*ROLL_BACK, url=database.url)
    ended.set()
    writer.join()

    assert (code, failed) == (0, []), around.said.read_text()
    assert database.value("SELECT count(*) FROM ward_bed WHERE name = 'arrived'") > 5
    database.execute("DELETE FROM ward_bed WHERE name = 'arrived'")
    assert everything(database) == before
    around.cluster.drop(database)
