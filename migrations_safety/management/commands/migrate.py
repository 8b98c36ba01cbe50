"""`migrate`: Django's command after a precheck, one run at a time, which adopts baselines that exist already."""

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
    add_measuring_arguments,
    add_reading_arguments,
    add_report_arguments,
    add_target_arguments,
    measure_options,
    named,
    scan_options,
    whole_number,
)
from migrations_safety.management.backup_arguments import add_backup_arguments, backup_options, places_of
from migrations_safety.management.base import Outcome, ReportingCommand
from migrations_safety.management.errors import COULD_NOT, ErrorsAsSentences
from migrations_safety.management.kept_arguments import add_interrupted_argument, add_keeping_argument
from migrations_safety.management.rehearsed_arguments import add_rehearsed_arguments, rehearsed_option
from migrations_safety.management.report_places import TEXT, wants_stdout_alone
from migrations_safety.management.traffic_arguments import hot_tables
from migrations_safety.messages.progress import Progress, progress_on
from migrations_safety.migrate import deploy
from migrations_safety.migrate.ladder_session import is_at_work
from migrations_safety.migrate.options import Listener, LockOptions, MigrateOptions, ignore
from migrations_safety.migrate.report import MigrateReport
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.postgresql.target import is_of_another_vendor
from migrations_safety.rendering import serialization, text

AS_THEY_ARE = (
    "app_label", "migration_name", "fake", "fake_initial", "prune", "run_syncdb", "skip_precheck", "census", "precheck",
    "expect_database", "expect_schema", "keep_dropped", "interrupted",
)  # fmt: skip
"""Options of the command that have the same names in MigrateOptions."""


class SafeMigrate(ReportingCommand, DjangoMigrate):
    """Run the precheck, then Django's migrate if nothing blocks."""

    is_of_migrations_safety = True
    _on_run: Callable[[str], None] | None = None

    help = (
        "Django's migrate with all its options, with a check before it. It first runs precheck on the migrations that "
        "it is about to apply or unapply, and refuses to go on if a finding blocks. Only one migrate or "
        "backfill_placeholders works on a database at a time. If the tables of a baseline (an initial migration for "
        "tables that are older than the project) exist already, migrate records it as applied and creates nothing. "
        "Exit code 0: the migrations were applied; 1: migrate refused, and nothing was changed; 2: migrate failed, "
        "and can be run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add Django's arguments, and those of the precheck and of the waits for locks."""
        super().add_arguments(parser)
        add_target_arguments(parser)
        add_report_arguments(parser, self.formats)
        add_reading_arguments(parser)
        add_measuring_arguments(parser)
        add_backup_arguments(parser)
        add_keeping_argument(parser)
        add_interrupted_argument(parser)
        add_rehearsed_arguments(parser)
        help = (
            "JSON report of an earlier precheck (--format json --output FILE), usually from a standby; the precheck "
            "that migrate runs first starts from the counts in this report, and counts only newer rows itself"
        )
        parser.add_argument("--census", type=named, metavar="FILE", help=help)
        help = (
            "JSON report of an earlier precheck (--format json --output FILE) of the same plan; its measurements are "
            "used if neither the plan nor the schema has changed since, and everything else is checked again"
        )
        parser.add_argument("--precheck", type=named, metavar="FILE", help=help)
        help = "do not run precheck before migrating; meant for a test database or an emergency"
        parser.add_argument("--skip-precheck", action="store_true", help=help)
        help = (
            "how long to go on trying for a lock, and to wait for another migrate or backfill_placeholders on this "
            "database (default: 600)"
        )
        parser.add_argument(
            "--retry-for", type=whole_number("seconds", least=0), default=600, metavar="SECONDS", help=help
        )
        help = (
            "cancel a statement of migrate once another session waits longer than this behind it (default: 200; "
            "0: never)"
        )
        parser.add_argument(
            "--max-stall", type=whole_number("milliseconds", least=0), default=200, metavar="MILLISECONDS", help=help
        )
        help = "refuse at once (exit code 2) if another migrate or backfill_placeholders works on this database"
        parser.add_argument("--no-wait", action="store_true", help=help)

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the command, and turn each error into one sentence and an exit code.

        On a database that is not PostgreSQL, errors stay as Django raises them. They also stay so if a migration calls
        this command, because the `migrate` that runs the migration may have to run it again. An option that a caller
        leaves out has the default of the command line.
        """
        options = vars(self.create_parser("manage.py", "migrate").parse_args([])) | options
        alias = options["database"]
        if is_of_another_vendor(alias) or (alias in connections and is_at_work(connection_of(alias))):
            return super(ErrorsAsSentences, self).execute(*args, **options)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the plan, then migrate.

        Nothing is checked and only Django's own `migrate` runs if the database is not PostgreSQL, or if a migration
        that is running now has called this command.
        """
        _refuse_files_without_gate(options)
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
        with self.reports(options) as write:
            apply = partial(self.apply, options)
            report = deploy.run(migrate_options(options), apply=apply, listener=self._listener(options))
            outcome = _outcome(report)
            write(outcome, on_stdout=options["format"] != TEXT or outcome.is_refused)
        is_quiet = options["verbosity"] == 0
        for sentence in () if is_quiet else text.lock_waits(report):
            self.stderr.write(sentence, str)
        self.close(outcome, is_quiet=is_quiet)

    def apply(self, options: dict[str, Any], on_run: Callable[[str], None]) -> None:
        """Run Django's own `migrate`, or that of the next app in INSTALLED_APPS.

        `on_run` is called with the label of each migration whose operations were run. If a program reads stdout, the
        lines that Django prints go to stderr.
        """
        self._on_run = on_run
        stdout = self.stdout
        if wants_stdout_alone(options):
            self.stdout = self.stderr
        try:
            super().handle(**options)
        finally:
            self.stdout = stdout

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Print Django's lines, and call `on_run` for each migration whose operations were run."""
        if action in ("apply_success", "unapply_success") and not fake and self._on_run:
            self._on_run(str(migration))
        super().migration_progress_callback(action, migration, fake)

    def _listener(self, options: dict[str, Any]) -> Listener:
        is_wanted = options["verbosity"] > 0
        return Listener(
            progress=progress_on(sys.stderr, wanted=is_wanted and not options["no_progress"]),
            notice=partial(self.stderr.write, style_func=str) if is_wanted else ignore,
            warning=partial(self.stderr.write, style_func=self.style.WARNING),
        )


def __getattr__(name: str) -> Any:
    """The class `Command`, built when Django asks for it, on top of the next app's `migrate` if there is one."""
    if name != "Command":
        raise AttributeError(name)
    return built_on_next("migrate", SafeMigrate, DjangoMigrate)


def migrate_to(migration: tuple[str, str], *, using: str, progress: Progress) -> MigrateReport:
    """Migrate to one migration (app label and name) without output, and return the report."""
    command = our_command("migrate")(stdout=StringIO(), stderr=StringIO())
    defaults = vars(command.create_parser("manage.py", "migrate").parse_args(["--no-input", *migration]))
    options = defaults | {"database": using, "skip_checks": True}
    apply = partial(command.apply, options)
    return deploy.run(migrate_options(options), apply=apply, listener=Listener(progress=progress))


def migrate_options(options: dict[str, Any]) -> MigrateOptions:
    """The options of the command line as a MigrateOptions."""
    return MigrateOptions(
        using=options["database"],
        **{name: options[name] for name in AS_THEY_ARE},
        scan=scan_options(options),
        measure=measure_options(options),
        backup=backup_options(options),
        require_backup=options["require_backup"],
        backups=places_of(options),
        rehearsed=rehearsed_option(options),
        locks=LockOptions(
            max_stall=options["max_stall"] / 1000,
            retry_for=options["retry_for"],
            deploy_wait=0 if options["no_wait"] else options["retry_for"],
            hot_tables=hot_tables(),
        ),
    )


def _outcome(report: MigrateReport) -> Outcome:
    return Outcome(
        is_refused=report.is_refused,
        closing=text.closing(report),
        text=partial(text.migrate, report),
        json=partial(serialization.migrate, report),
    )


def _refuse_files_without_gate(options: dict[str, Any]) -> None:
    """Raise CommandError for the report of an earlier precheck where no precheck runs before migrating."""
    given = [f"--{name}" for name in ("census", "precheck") if options[name]]
    if given and (options["skip_precheck"] or migrate_options(options).runs_no_migration):
        named = " and ".join(given)
        verb = "is" if len(given) == 1 else "are"
        raise CommandError(f"{named} {verb} for the precheck before migrating, but these options skip that precheck.")


def _refuse_reports(options: dict[str, Any]) -> None:
    if options["format"] != TEXT or options["output"] or options["report"]:
        raise CommandError("--plan and --check print Django's own lines; leave out --format, --output and --report.")


def _refuse_our_options(options: dict[str, Any]) -> None:
    """Raise CommandError for options that would be ignored on a database that is not PostgreSQL."""
    ours = {f"--format {options['format']}": options["format"] != TEXT}
    names = (
        "output", "report", "census", "precheck", "expect_database", "expect_schema", "backup", "require_backup",
        "backups", "rehearsed",
    )  # fmt: skip
    ours |= {f"--{name.replace('_', '-')}": options[name] for name in names}
    if wanted := [name for name, is_wanted in ours.items() if is_wanted]:
        problem = f'{", ".join(wanted)}: only for PostgreSQL, but the alias "{options["database"]}" is not.'
        raise CommandError(problem, returncode=COULD_NOT)
