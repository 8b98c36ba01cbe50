"""The environment of a child process that runs code of the project: nothing in it leads to a database of anybody.

Every alias of DATABASES leads to the scratch database or to an address that refuses connections.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

from migrations_safety.measurement.scratch import PYTHON_ONLY, Place
from migrations_safety.postgresql.connection import Connection

REFUSED = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGDATABASE": "nowhere", "PGUSER": "nobody"}
"""The environment variables of libpq in the child process, which lead to no server."""
NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"
"""The URL that replaces every PostgreSQL URL in the environment of the child process, whatever the variable."""
POSTGRESQL_URL = re.compile(r"(postgres(ql)?|pgsql|psql|postgis|timescale(gis)?)(\+\w+)?://", re.IGNORECASE)
"""How a URL of a PostgreSQL database begins, in the spellings of the packages that read URLs for Django."""
SCRATCH = "MIGRATIONS_SAFETY_SCRATCH"
"""The variable with the entries of DATABASES that lead somewhere, as JSON; `scratch_settings` reads it."""
IN_SETTINGS = ("dbname", "user", "password", "host", "port")
"""The parameters that have a name of their own in an entry of DATABASES."""


def child_environment(*, module: str, databases: dict[str, Any] | None = None) -> dict[str, str]:
    """Return the environment of this process, without any variable that leads to a database.

    `module` is the settings module of the project. `databases` are the entries of DATABASES that lead somewhere; the
    child that runs a plan gets them with its task.
    """
    without = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for name, value in without.items():
        if POSTGRESQL_URL.match(value):
            without[name] = NOWHERE
    mine = {
        "PYTHONPATH": os.pathsep.join(one for one in sys.path if one),
        "DJANGO_SETTINGS_MODULE": "migrations_safety.measurement.scratch_settings",
        "MIGRATIONS_SAFETY_PROJECT_SETTINGS": module,
        SCRATCH: json.dumps(databases or {}),
    }
    return without | REFUSED | mine


def settings_for(connection: Connection, place: Place) -> dict[str, Any]:
    """Return the entry of DATABASES for the scratch database.

    Only the engine and the search path are those of the project.
    """
    path = place.search_path.replace("\\", "\\\\").replace(" ", "\\ ")
    others = {name: value for name, value in place.parameters.items() if name not in (*IN_SETTINGS, *PYTHON_ONLY)}
    own = {"application_name": "migrations_safety scratch", "options": f"-c search_path={path}"}
    settings = {name: str(place.parameters.get(name) or "") for name in IN_SETTINGS}
    return {
        "ENGINE": connection.settings_dict["ENGINE"],
        "NAME": settings.pop("dbname"),
        **{name.upper(): value for name, value in settings.items()},
        "OPTIONS": others | own,
    }
