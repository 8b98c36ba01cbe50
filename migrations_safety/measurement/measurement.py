"""Measures a migration plan by running it on a scratch database.

The scratch database has a copy of the target's schema, and a child process runs the plan there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE

from migrations_safety.measurement.report import (
    MeasuredOperation,
    MeasuredPlan,
    MeasuredStatement,
    MeasuredTransaction,
    TableEffect,
)
from migrations_safety.measurement.sample_rows import make_sample_rows
from migrations_safety.measurement.schema_copy import copy_schema
from migrations_safety.measurement.scratch import NotMeasured, Place, scratch_database, situation_of
from migrations_safety.postgresql.connection import Connection

PATIENCE = 60
"""How many seconds the plan may take on the scratch database."""
REFUSED = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGDATABASE": "nowhere", "PGUSER": "nobody"}
"""The environment variables of libpq in the child process, which lead to no server."""
NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"
"""The URL that replaces every PostgreSQL URL in the environment of the child process, whatever the variable."""


def measure(
    connection: Connection,
    *,
    app_label: str | None = None,
    migration_name: str | None = None,
    scratch_url: str | None = None,
    measure_python: bool = False,
    max_seconds: float = PATIENCE,
) -> MeasuredPlan:
    """Run `migrate [app_label] [migration_name]` on a scratch database, and measure what each statement does there.

    `scratch_url` is the URL of an empty database that is used instead of a new one. With `measure_python`, the code of
    RunPython is run too. Where nothing could be measured, `measured` of the result is `no` and `reason` says why.
    """
    try:
        with scratch_database(connection, url=scratch_url) as place:
            left_out = copy_schema(connection, place)
            left_out += tuple(f"rows in {table}: none could be made up" for table in make_sample_rows(place))
            asked = {"app_label": app_label, "migration_name": migration_name, "measure_python": measure_python}
            answer = _in_a_child(connection, place, asked, max_seconds=max_seconds)
    except NotMeasured as reason:
        return MeasuredPlan(measured="no", reason=str(reason), server_version=None, left_out=(), transactions=())
    return MeasuredPlan(
        measured=place.where,
        reason=place.why_not_the_server,
        server_version=str(place.version),
        left_out=left_out,
        transactions=tuple(_transaction(one) for one in answer["transactions"]),
        error=answer["error"],
    )


def _in_a_child(connection: Connection, place: Place, asked: dict[str, Any], *, max_seconds: float) -> dict[str, Any]:
    module = os.environ.get(ENVIRONMENT_VARIABLE)
    if not module:
        raise NotMeasured("the settings are no module, so no other process can read them")
    reading, writing = os.pipe()
    asked |= {"alias": connection.alias, "database": place.name, "token": place.token, "answer_to": writing}
    command = [sys.executable, "-m", "migrations_safety.measurement.child"]
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    environment = _environment(connection, place, module)
    with os.fdopen(reading, encoding="utf-8") as answer:
        child = subprocess.Popen(command, pass_fds=[writing], env=environment, text=True, **streams)
        os.close(writing)
        try:
            _, errors = child.communicate(json.dumps(asked), timeout=max_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise NotMeasured(f"the plan took longer than {max_seconds:g} s there") from None
        if child.returncode:
            raise NotMeasured(f"it could not be run there ({_last_line(errors)})")
        return dict(json.load(answer))


def _environment(connection: Connection, place: Place, module: str) -> dict[str, str]:
    """Return the environment of this process, without any variable that leads to the target database."""
    without = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for name, value in without.items():
        if value.startswith(("postgres://", "postgresql://")):
            without[name] = NOWHERE
    mine = {
        "PYTHONPATH": os.pathsep.join(one for one in sys.path if one),
        "DJANGO_SETTINGS_MODULE": "migrations_safety.measurement.scratch_settings",
        "MIGRATIONS_SAFETY_PROJECT_SETTINGS": module,
        "MIGRATIONS_SAFETY_SCRATCH": json.dumps({connection.alias: _settings(connection, place)}),
    }
    return without | REFUSED | mine


def _settings(connection: Connection, place: Place) -> dict[str, Any]:
    """Return the entry of DATABASES for the scratch database.

    Only the engine and the search path are those of the project.
    """
    path = situation_of(connection).search_path.replace("\\", "\\\\").replace(" ", "\\ ")
    return {
        "ENGINE": connection.settings_dict["ENGINE"],
        "NAME": place.name,
        "USER": place.parameters.get("user") or "",
        "PASSWORD": place.parameters.get("password") or "",
        "HOST": place.parameters.get("host") or "",
        "PORT": str(place.parameters.get("port") or ""),
        "OPTIONS": {"application_name": "migrations_safety scratch", "options": f"-c search_path={path}"},
    }


def _last_line(errors: str) -> str:
    """Return the class of the error that ended the child process, without its text, which may repeat a value."""
    lines = [line for line in errors.splitlines() if line.strip()]
    return lines[-1].partition(":")[0] if lines else "without a word"


def _transaction(found: dict[str, Any]) -> MeasuredTransaction:
    return MeasuredTransaction(
        migrations=tuple(found["migrations"]),
        atomic=found["atomic"],
        operations=tuple(_operation(one) for one in found["operations"]),
    )


def _operation(found: dict[str, Any]) -> MeasuredOperation:
    statements = tuple(
        MeasuredStatement(
            sql=one["sql"], error=one["error"], tables=tuple(TableEffect(**effect) for effect in one["tables"])
        )
        for one in found["statements"]
    )
    return MeasuredOperation(**found | {"statements": statements})
