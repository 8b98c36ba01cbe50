#!/usr/bin/env python
"""The command line of the project: `python manage.py precheck`."""

import os
import sys

NO_DATABASE = (
    "No database is named: nothing was looked at.\n"
    "Set DATABASE_URL (postgresql://user:password@host:5432/hospital, special characters percent-encoded),\n"
    "or PGDATABASE with PGHOST, PGPORT, PGUSER and PGPASSWORD (values as they are)."
)
WITHOUT_A_DATABASE = {"help", "version", "--help", "-h", "--version"}


def main() -> None:
    """Run one command; exit code 2 where the settings cannot say which database is meant."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ehr.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        if not settings.DATABASES and sys.argv[1:] and WITHOUT_A_DATABASE.isdisjoint(sys.argv[1:]):
            raise ImproperlyConfigured(NO_DATABASE)
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(_stop(str(error)))


def _stop(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
