"""`migrate`: Django's own, behind a gate, one deploy at a time, adopting what is there already."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from migrations_safety.installation.other_apps import built_on_next, our_command
from migrations_safety.management.arguments import (
    add_reading_arguments,
    add_report_arguments,
    add_target_arguments,
    scan_options,
    whole_number,
)
from migrations_safety.management.base import Outcome, ReportingCommand
from migrations_safety.management.errors import COULD_NOT, ErrorsAsSentences
from migrations_safety.management.report_file import report_file
from migrations_safety.management.streams import write_report
from migrations_safety.messages.progress import Progress, progress_on
from migrations_safety.migrate import deploy
from migrations_safety.migrate.ladder_session import is_at_work
from migrations_safety.migrate.options import Listener, LockOptions, MigrateOptions, ignore
from migrations_safety.migrate.report import MigrateReport
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.postgresql.target import is_of_another_vendor
from migrations_safety.rendering import serialization, text

AS_THEY_ARE = (
    "app_label", "migration_name", "fake", "fake_initial", "prune", "run_syncdb", "skip_precheck", "census",
    "expect_database", "expect_schema",
)  # fmt: skip
"""Options that MigrateOptions has under the same names."""


class SafeMigrate(ReportingCommand, DjangoMigrate):
    """Migrate behind the gate."""

    is_of_migrations_safety = True
    _on_run: Callable[[str], None] | None = None

    help = (
        "Django's migrate with all its options, made safe. It first runs precheck on its own plan, and refuses if that "
        "blocks. Only one deploy runs at a time. Existing tables of a baseline are adopted, not created. "
        "Exit code 0: applied; 1: the gate refused and nothing was changed; 2: it failed, and can be run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's own arguments, and those of the gate."""
        super().add_arguments(parser)
        add_target_arguments(parser)
        add_report_arguments(parser)
        add_reading_arguments(parser)
        help = (
            "JSON report of an earlier precheck, usually on a standby (--format json --output FILE); the gate takes "
            "its counts and counts only newer rows here"
        )
        parser.add_argument("--census", metavar="FILE", help=help)
        help = "run no precheck first; for a test database or an emergency"
        parser.add_argument("--skip-precheck", action="store_true", help=help)
        help = "how long to retry for a lock, and to wait for another deploy (default: 600)"
        parser.add_argument(
            "--retry-for", type=whole_number("seconds", least=0), default=600, metavar="SECONDS", help=help
        )
        help = "cancel our own statement once another session waits longer behind it (default: 200; 0: never)"
        parser.add_argument(
            "--max-stall", type=whole_number("milliseconds", least=0), default=200, metavar="MILLISECONDS", help=help
        )
        parser.add_argument("--no-wait", action="store_true", help="refuse at once while another deploy is running")

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run, and turn every error into one sentence and its exit code; on another vendor's database as Django does.

        Options that are left out (by a command that is made of this one) are what they are on the command line. Called
        by a migration its errors go to the `migrate` at work as they are: it may have to try that migration again.
        """
        options = vars(self.create_parser("manage.py", "migrate").parse_args([])) | options
        alias = options["database"]
        if is_of_another_vendor(alias) or (alias in connections and is_at_work(connection_of(alias))):
            return super(ErrorsAsSentences, self).execute(*args, **options)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ours; Django's alone on another vendor's database, and where the `migrate` at work calls another one."""
        _refuse_census_without_gate(options)
        alias = options["database"]
        if is_of_another_vendor(alias):
            _refuse_our_options(options)
            super().handle(*args, **options)
        elif is_at_work(connection_of(alias)):
            super().handle(*args, **options)
        elif options["plan"] or options["check_unapplied"]:
            _refuse_reports(options)
            deploy.show(migrate_options(options), apply=partial(super().handle, *args, **options))
        else:
            self._deploy(options)

    def _deploy(self, options: dict[str, Any]) -> None:
        with report_file(options["output"]) as write:
            apply = partial(self.apply, options)
            report = deploy.run(migrate_options(options), apply=apply, listener=self._listener(options))
            outcome = _outcome(report)
            if write or options["format"] == "json" or outcome.is_refused:
                (write or partial(write_report, self.stdout))(self.drawn(outcome, options))
        is_quiet = options["verbosity"] == 0
        for sentence in () if is_quiet else text.lock_waits(report):
            self.stderr.write(sentence, str)
        self.close(outcome, is_quiet=is_quiet)

    def apply(self, options: dict[str, Any], on_run: Callable[[str], None]) -> None:
        """Django's own `migrate`, or that of the next app; `on_run` takes the labels of migrations that really run.

        What it prints makes way for the report where that goes to stdout as JSON.
        """
        self._on_run = on_run
        stdout = self.stdout
        if options["format"] == "json":
            self.stdout = self.stderr
        try:
            super().handle(**options)
        finally:
            self.stdout = stdout

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Django's lines, and which migrations were really run."""
        if action in ("apply_success", "unapply_success") and not fake and self._on_run:
            self._on_run(f"{migration.app_label}.{migration.name}")
        super().migration_progress_callback(action, migration, fake)

    def _listener(self, options: dict[str, Any]) -> Listener:
        is_wanted = options["verbosity"] > 0
        return Listener(
            progress=progress_on(sys.stderr, wanted=is_wanted and not options["no_progress"]),
            notice=partial(self.stderr.write, style_func=str) if is_wanted else ignore,
            warning=partial(self.stderr.write, style_func=self.style.WARNING),
        )


def __getattr__(name: str) -> Any:
    """`Command`, when Django asks for it: built on the `migrate` of the next app, where there is one."""
    if name != "Command":
        raise AttributeError(name)
    return built_on_next("migrate", SafeMigrate, DjangoMigrate)


def migrate_to(migration: tuple[str, str], *, using: str, progress: Progress) -> MigrateReport:
    """`migrate` to one migration, given by app and name, with the `migrate` of other apps under it and no output."""
    command = our_command("migrate")(stdout=StringIO(), stderr=StringIO())
    defaults = vars(command.create_parser("manage.py", "migrate").parse_args(["--no-input", *migration]))
    options = defaults | {"database": using, "skip_checks": True}
    apply = partial(command.apply, options)
    return deploy.run(migrate_options(options), apply=apply, listener=Listener(progress=progress))


def migrate_options(options: dict[str, Any]) -> MigrateOptions:
    """What the operator wants, as a value."""
    return MigrateOptions(
        using=options["database"],
        **{name: options[name] for name in AS_THEY_ARE},
        scan=scan_options(options),
        locks=LockOptions(
            max_stall=options["max_stall"] / 1000,
            retry_for=options["retry_for"],
            deploy_wait=0 if options["no_wait"] else options["retry_for"],
        ),
    )


def _outcome(report: MigrateReport) -> Outcome:
    return Outcome(
        is_refused=report.is_refused,
        closing=text.closing(report),
        text=partial(text.migrate, report),
        json=partial(serialization.migrate, report),
    )


def _refuse_census_without_gate(options: dict[str, Any]) -> None:
    if options["census"] and (options["skip_precheck"] or migrate_options(options).runs_no_migration):
        raise CommandError("--census feeds the gate, but these options skip the gate.")


def _refuse_reports(options: dict[str, Any]) -> None:
    if options["format"] == "json" or options["output"]:
        raise CommandError("--plan and --check print Django's own lines; leave out --format json and --output.")


def _refuse_our_options(options: dict[str, Any]) -> None:
    """What somebody relies on is not left out in silence."""
    ours = {"--format json": options["format"] == "json"}
    names = ("output", "census", "expect_database", "expect_schema")
    ours |= {f"--{name.replace('_', '-')}": options[name] for name in names}
    if wanted := [name for name, is_wanted in ours.items() if is_wanted]:
        problem = f'{", ".join(wanted)}: only for PostgreSQL, but the alias "{options["database"]}" is not.'
        raise CommandError(problem, returncode=COULD_NOT)
