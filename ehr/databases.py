"""Which database the environment names, read the way PostgreSQL's own client library reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

POSTGRESQL = "django.db.backends.postgresql"


def from_environment(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The value of Django's DATABASES; empty where neither DATABASE_URL nor PGDATABASE or PGSERVICE names one.

    `DATABASE_URL_REPLICA` (any suffix) names a further alias, here `replica`. Of the PG* variables only the
    name is copied: libpq takes PGHOST, PGUSER, PGPASSWORD and the others from the environment itself, so any
    character in them works (PostgreSQL documentation, 34.15).

    Raises ImproperlyConfigured for a URL that is not a PostgreSQL one; the message never repeats the URL.
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
    """One database's settings from a libpq URI; percent-encoding as RFC 3986 has it, a `+` stays a `+`."""
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
