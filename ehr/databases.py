"""Reads the value of DATABASES from environment variables, in the way of PostgreSQL's client library libpq."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

POSTGRESQL = "django.db.backends.postgresql"


def from_environment(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the value of Django's DATABASES; empty where DATABASE_URL, PGDATABASE and PGSERVICE are all unset.

    `DATABASE_URL_REPLICA` defines a further alias `replica`; any other suffix works too. Of the PG* variables only the
    name of the database or service is copied: libpq reads PGHOST, PGUSER, PGPASSWORD and the others from the
    environment itself, so they may hold any character (PostgreSQL documentation, 34.15).

    Raises ImproperlyConfigured for a URL that is not one of PostgreSQL; the message never repeats the URL.
    """
    databases = {}
    if url := environment.get("DATABASE_URL", ""):
        databases["default"] = from_url(url, variable="DATABASE_URL")
    elif name := environment.get("PGDATABASE", ""):
        databases["default"] = {"ENGINE": POSTGRESQL, "NAME": name}
    elif service := environment.get("PGSERVICE", ""):
        databases["default"] = {"ENGINE": POSTGRESQL, "NAME": "", "OPTIONS": {"service": service}}
    if databases:
        for variable, url in environment.items():
            if variable.startswith("DATABASE_URL_") and url:
                alias = variable.removeprefix("DATABASE_URL_").lower()
                databases[alias] = from_url(url, variable=variable)
    return databases


def from_url(url: str, *, variable: str) -> dict[str, Any]:
    """Return the settings of one database from a libpq URI; `variable` is named in errors.

    Percent-encoding is that of RFC 3986, so a `+` stays a `+`. Raises ImproperlyConfigured where the URL cannot be read
    or names no database.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(f"{variable} is not a PostgreSQL URL: it must start with postgresql://")
    try:
        options = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        raise ImproperlyConfigured(
            f"{variable} cannot be read as a PostgreSQL URL: percent-encode the special characters of "
            "user, password and database (@ is %40, / is %2F, # is %23, % is %25)."
        ) from None
    name = options.pop("dbname", "")
    if not name and "service" not in options:
        raise ImproperlyConfigured(f"{variable} names no database: add /NAME to its end.")
    return {
        "ENGINE": POSTGRESQL,
        "NAME": name,
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": options.pop("port", ""),
        "OPTIONS": options,
    }
