#!/usr/bin/env python
"""The command line of the project: `python manage.py precheck`."""

import os
import sys

NO_DATABASE = (
    "No database is named: nothing was looked at.\n"
    "Set DATABASE_URL (postgresql://user:password@host:5432/hospital, special characters percent-encoded),\n"
    "or PGDATABASE with PGHOST, PGPORT, PGUSER and PGPASSWORD (values as they are)."
)
WITHOUT_A_DATABASE = {"help", "version", "--help", "-h", "--version", "--embedded"}


def main() -> None:
    """Run one command; what stops it is one sentence and exit code 2 (130 for Ctrl-C), not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ehr.settings")
    try:
        stop_with_one_sentence(sys.argv)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)


def stop_with_one_sentence(arguments: list[str]) -> None:
    """Run, and say what stopped it where that is the settings or the database."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError, InterfaceError

    try:
        run(arguments)
    except SystemExit:  # PsycopgMissing is both, and has said its sentence
        raise
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (DatabaseError, InterfaceError) as error:
        import psycopg

        from migrations_safety.messages.errors import explain

        if error.__cause__ and not isinstance(error.__cause__, psycopg.Error):
            raise  # another vendor's
        print("\n".join(filter(None, explain(error))), file=sys.stderr)
        sys.exit(2)


def run(arguments: list[str]) -> None:
    """Hand over to Django, unless a database is needed and none is named."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line, get_commands

    if not settings.DATABASES and arguments[1:] and WITHOUT_A_DATABASE.isdisjoint(arguments[1:]):
        raise ImproperlyConfigured(NO_DATABASE)
    try:
        execute_from_command_line(arguments)
    except SystemExit as end:
        if end.code == 1 and arguments[1:] and arguments[1] not in {*get_commands(), "help"}:
            sys.exit(2)  # Django's 1 for a command that it does not know reads as "blocked" in a deploy script
        raise


if __name__ == "__main__":
    main()
