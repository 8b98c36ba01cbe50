"""Killed between any two statements and run again, each command ends where an undisturbed run ends.

Every state that others see at any boundary is killed once outside of a transaction and once inside of one, by SIGKILL
of the client; every boundary that is like no other once, by `pg_terminate_backend`, after which the client has to end
well; every commit once, by an immediate shutdown of the server that has done it and before the client knows.
`make torture` kills at random.
"""

import re

import pytest

from tests.support.cluster import Cluster, new_server
from tests.torture.kills import Kill, Killer, Stop, committing
from tests.torture.stories import stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # seconds: each of them runs up to sixty commands
PARTS = 3
COMMANDS = ["backfill", "migrate", "nullify", "restore", "back to nothing", "roll back"]
FEWEST = {"backfill": 100, "migrate": 80, "nullify": 40, "restore": 15, "back to nothing": 60, "roll back": 100}
"""Statements that each command has at least: a harness that sees fewer does not see them all."""


@pytest.fixture(scope="module")
def known():
    """What both killers know: the statements of each story, and the states from which a second run was proved."""
    return {"runs": {}, "seen": {}}


@pytest.fixture(scope="module")
def killer(cluster, known):
    with stage(cluster) as made:
        yield Killer(made, **known)


@pytest.fixture(scope="module")
def crashing(known):
    """A killer on a server of its own, which it may shut down."""
    cluster = Cluster(new_server())
    with stage(cluster, may_crash=True) as made:
        yield Killer(made, **known)
    cluster.remove()


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("story", COMMANDS)
def test_killed_between_any_two_statements_a_command_finishes_when_run_again(killer, story, part):
    undisturbed = killer.undisturbed(story)
    assert len(undisturbed.statements) > FEWEST[story]
    kills = [*of_clients(story, undisturbed.boundaries), *of_backends(story, undisturbed.statements)]

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

    assert crashing.seen[story]


def of_clients(story, boundaries):
    """One for each state that others see, at the first boundary with it, and one in the middle of a transaction.

    A client that is dead says nothing: what its kill leaves is all that there is to it. The last one loses the answer
    to the last statement.
    """
    places = {}
    for number, one in enumerate(boundaries, start=1):
        places.setdefault((one.state, one.is_in_transaction), []).append(number)
    numbers = {places[where][len(places[where]) // 2 if where[1] else 0] for where in places}
    yield from (Kill(story=story, kind="client", stop=Stop(number=number)) for number in sorted(numbers))
    yield Kill(story=story, kind="client", stop=Stop(number=len(boundaries), answered=True))


def of_backends(story, statements):
    """One at each boundary that is like no earlier one; every other loses the answer to the statement before it.

    All boundaries inside one transaction, and all between two commits outside of any, leave the same database, that of
    the last commit: the first and the middle one of each unlike run of them are enough, and every one around what may
    change the database.
    """
    alike = {}
    for run in runs(statements):
        texts = tuple(NUMBER.sub("0", text) for text in statements[max(0, run[0] - 2) : run[-1]])
        for number in (run[0], run[len(run) // 2]):
            alike.setdefault((texts, number - run[0]), number)
    around = {number for commit in committing(statements) for number in (commit, commit + 1)}
    for number in sorted({*alike.values(), *around}):
        if number <= len(statements) and number % 2 == 0:
            stop = Stop(number=number - 1, answered=True) if number % 4 else Stop(number=number)
            yield Kill(story=story, kind="backend", stop=stop)


def runs(statements):
    """Boundaries, by number, with neither a commit nor the begin of a transaction in between.

    Boundary n stands before the n-th statement.
    """
    commits, run = set(committing(statements)), []
    for number, after in enumerate(statements, start=1):
        if run and statements[number - 2].startswith("BEGIN"):
            yield run
            run = []
        run.append(number)
        if number in commits or ENDS.match(after):
            yield run
            run = []
    if run:
        yield run


ENDS = re.compile(r"(COMMIT|ROLLBACK)(?! TO)")
NUMBER = re.compile(r"\d+")
