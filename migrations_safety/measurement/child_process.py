"""Starts the child process that runs the plan, and gives it its task.

It is started before there is a scratch database: it imports Django while the scratch database is made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE

from migrations_safety.measurement.child_environment import child_environment, settings_for
from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.measurement.refused_scratch import NotMeasured
from migrations_safety.measurement.report import NOT_RUN, TOO_SLOW
from migrations_safety.measurement.scratch import Place
from migrations_safety.postgresql.connection import Connection

Child = subprocess.Popen[str]


@contextmanager
def waiting_child() -> Iterator[Child]:
    """Start the process, which waits for its task, and end it after the block if it still runs.

    Raises NotMeasured where the settings of the project are no module.
    """
    module = os.environ.get(ENVIRONMENT_VARIABLE)
    if not module:
        raise NotMeasured("the settings are no module, so no other process can read them")
    command = [sys.executable, "-m", "migrations_safety.measurement.child"]
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, text=True, env=child_environment(module=module), **silent
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def run_plan(
    child: Child, connection: Connection, place: Place, asked: dict[str, Any], *, max_seconds: float
) -> dict[str, Any]:
    """Give the process its task, and return its answer; raises NotMeasured where there is none."""
    with own_folder() as folder:
        file = folder / "answer"
        asked |= {"alias": connection.alias, "database": place.name, "token": place.token, "answer": str(file)}
        asked |= {"settings": {connection.alias: settings_for(connection, place)}}
        try:
            child.communicate(json.dumps(asked), timeout=max_seconds)
        except subprocess.TimeoutExpired:
            if not file.exists():  # it exists where only the way back took too long
                raise NotMeasured(f"{TOO_SLOW} {max_seconds:g} s there") from None
        else:
            if child.returncode or not file.exists():
                raise NotMeasured(f"{NOT_RUN} (the process ended with {child.returncode})")
        answer = dict(json.loads(file.read_text(encoding="utf-8")))
    if "failed" in answer:
        raise NotMeasured(f"{NOT_RUN} ({answer['failed']})")
    return answer
