"""Kills at random: `python -m tests.torture --number 500` (`make torture N=500`), the same again with `--seed`.

Story, kind of kill and instant are drawn: a statement, before it or after its answer, or any moment. A kill that
comes when the command has ended already is drawn again. Exit code 0: none was lost; 1: some were.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter

from migrations_safety.postgresql.embedded_server import Server
from tests.support.cluster import Cluster
from tests.torture.kills import KINDS, Kill, Killer, Lost
from tests.torture.relay import Stop
from tests.torture.stories import STORIES, stage

LONGER = 1.1
"""Random moments reach a little beyond what an undisturbed run takes."""
BETWEEN_LINES = 25


def main() -> int:
    """Kill, count, say."""
    os.environ["MIGRATIONS_SAFETY_MEASURE"] = "no"  # what is killed is the deploy, not its review
    options = arguments()
    print(f"{options.number} kills, --seed {options.seed}, PostgreSQL {options.postgresql}", flush=True)
    cluster = Cluster(Server.create(version=options.postgresql))
    try:
        with stage(cluster, id_type=options.id_type, may_crash=True) as made:
            return torture(Killer(made), options.number, random.Random(options.seed))
    finally:
        cluster.remove()


def arguments() -> argparse.Namespace:
    """How many, and from which seed."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--number", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--postgresql", type=int, default=18, metavar="VERSION")
    parser.add_argument("--id-type", choices=("uuid", "text"), default="uuid")
    return parser.parse_args()


def torture(killer: Killer, number: int, chance: random.Random) -> int:
    """Kill so many commands; the exit code."""
    killed: Counter[str] = Counter()
    lost, too_late, seconds = 0, 0, {}
    for story in STORIES:
        started = time.monotonic()
        killer.statements(story)
        seconds[story] = time.monotonic() - started
    while killed.total() < number:
        kill = draw(killer, seconds, chance)
        try:
            if not killer.prove(kill):
                too_late += 1
                continue
        except Lost as loss:
            lost += 1
            print(f"LOST {loss}", flush=True)
        killed[kill.kind] += 1
        if killed.total() % BETWEEN_LINES == 0:
            print(f"{killed.total()} killed, {lost} lost", flush=True)
    kinds = ", ".join(f"{killed[kind]} {kind}" for kind in KINDS)
    print(f"{number} commands killed ({kinds}) and run again, {lost or 'none'} lost; {too_late} more had ended before.")
    return 1 if lost else 0


def draw(killer: Killer, seconds: dict[str, float], chance: random.Random) -> Kill:
    """One kill, all of it by chance."""
    story, kind = chance.choice(list(STORIES)), chance.choice(KINDS)
    if chance.random() < 0.5:
        return Kill(story=story, kind=kind, seconds=chance.uniform(0, LONGER * seconds[story]))
    number = chance.randint(1, len(killer.statements(story)))
    return Kill(story=story, kind=kind, stop=Stop(number=number, answered=chance.random() < 0.5))


if __name__ == "__main__":
    sys.exit(main())
