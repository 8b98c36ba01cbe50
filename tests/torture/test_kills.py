"""Killed between any two statements and run again, each command ends where an undisturbed run ends.

Every boundary that is like no other is killed once, by SIGKILL of the client or by `pg_terminate_backend`; every
commit once more, by an immediate shutdown of the server that has done it and before the client knows. `make torture`
kills at random.
"""

import re

import pytest

from tests.cluster import Cluster, new_server
from tests.torture.kills import Kill, Killer, Stop, committing
from tests.torture.stories import stage

PARTS = 4
COMMANDS = ["backfill", "migrate", "nullify", "restore", "back to nothing"]
FEWEST = {"backfill": 100, "migrate": 80, "nullify": 40, "restore": 15, "back to nothing": 60}
"""Statements that each command has at least: a harness that sees fewer does not see them all."""


@pytest.fixture(scope="module")
def killer(cluster):
    with stage(cluster) as made:
        yield Killer(made)


@pytest.fixture(scope="module")
def crashing():
    """A killer on a server of its own, which it may shut down."""
    cluster = Cluster(new_server())
    with stage(cluster, may_crash=True) as made:
        yield Killer(made)
    cluster.remove()


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("story", COMMANDS)
def test_killed_between_any_two_statements_a_command_finishes_when_run_again(killer, story, part):
    statements = killer.statements(story)
    assert len(statements) > FEWEST[story]
    kills = boundaries(story, statements)

    for kill in kills[len(kills) * part // PARTS : len(kills) * (part + 1) // PARTS]:
        assert killer.prove(kill, again_always=False), f"{kill}: the command had ended"

    assert killer.reruns


@pytest.mark.parametrize("story", COMMANDS)
def test_a_commit_that_the_client_never_heard_of_before_the_server_crashed(crashing, story):
    commits = committing(crashing.statements(story))
    assert commits

    for number in commits:
        kill = Kill(story=story, kind="server", stop=Stop(number=number, answered=True))
        assert crashing.prove(kill, again_always=False), f"{kill}: the command had ended"

    assert crashing.reruns


def boundaries(story, statements):
    """A kill at each boundary that is like no earlier one; every fourth loses the answer to the statement before it.

    All boundaries inside one transaction leave the same database, that of the last commit: its first, its middle and
    its last are enough, and the first two only of a transaction unlike earlier ones. Around what may change the
    database every boundary counts. Elsewhere those between the same two statements, but for their numbers, are alike.
    """
    alike = {}
    for place in places(statements):
        texts = tuple(NUMBER.sub("0", text) for text in statements[place[0] - 2 : place[-1] - 1])
        for number in (place[0], place[len(place) // 2]):
            alike.setdefault((texts, number - place[0]), number)
    around = {number for commit in committing(statements) for number in (commit, commit + 1)}
    last = Kill(story=story, kind="client", stop=Stop(number=len(statements), answered=True))
    numbers = sorted(number for number in {*alike.values(), *around} if number <= len(statements))
    return [*(boundary(story, number) for number in numbers), last]


def places(statements):
    """The boundaries, by number: those inside one transaction together, every other one alone.

    Boundary n stands before the n-th statement.
    """
    inside = []
    for number, after in enumerate(statements, start=1):
        if inside or (number > 1 and statements[number - 2].startswith("BEGIN")):
            inside.append(number)
            if ENDS.match(after):
                yield inside
                inside = []
        else:
            yield [number]
    if inside:
        yield inside


ENDS = re.compile(r"(COMMIT|ROLLBACK)(?! TO)")
NUMBER = re.compile(r"\d+")


def boundary(story, number):
    if number % 2:
        return Kill(story=story, kind="client", stop=Stop(number=number))
    if number % 4:
        return Kill(story=story, kind="backend", stop=Stop(number=number - 1, answered=True))
    return Kill(story=story, kind="backend", stop=Stop(number=number))
