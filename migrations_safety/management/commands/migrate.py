"""`migrate`: Django's own, behind a gate, one deploy at a time, adopting what is there already."""

from __future__ import annotations

import json as standard_json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from migrations_safety.audit.migration_history import Done, History
from migrations_safety.census import incremental
from migrations_safety.installation.other_apps import built_on_next
from migrations_safety.locking.deploy_lock import deploy_lock
from migrations_safety.management.arguments import (
    add_reading_arguments,
    add_report_arguments,
    add_target_arguments,
    scan_options,
    whole_number,
)
from migrations_safety.management.base import screen_width, wants_colour
from migrations_safety.management.errors import COULD_NOT, ErrorsAsSentences, Refused
from migrations_safety.management.report_file import report_file
from migrations_safety.management.streams import write_report
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress, progress_on
from migrations_safety.migrate import deploy
from migrations_safety.migrate.deploy import LockOptions
from migrations_safety.migrate.other_connections import Elsewhere
from migrations_safety.migrate.own_tables import only_own_tables
from migrations_safety.migrate.report import LockWaits, MigrateReport
from migrations_safety.plan import migration_plan
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection, connection_of
from migrations_safety.postgresql.target import connect, is_of_another_vendor
from migrations_safety.postgresql.transactions import is_in_transaction
from migrations_safety.precheck import precheck
from migrations_safety.precheck.report import PrecheckReport

ARGUMENTS = (
    "app_label",
    "migration_name",
    "fake",
    "fake_initial",
    "prune",
    "run_syncdb",
    "skip_precheck",
    "census",
    "retry_for",
    "max_stall",
    "expect_database",
    "expect_schema",
)
IN_TRANSACTION = " in the transaction that was open already, and kept when that is committed"
HOLDS_LOCKS = (
    "A transaction is open on this connection already: all locks are held until it ends, nothing is tried again, and "
    "nobody looks who waits behind it."
)
SKIPPED = "--skip-precheck: nothing was looked at before this migration. Verify the schema afterwards."


class SafeMigrate(ErrorsAsSentences, DjangoMigrate):
    """Migrate behind the gate."""

    is_of_migrations_safety = True

    help = (
        "Django's migrate with all its options, made safe: it first runs the precheck of what it is about to do and "
        "refuses where that blocks; one deploy at a time; existing tables of a baseline are adopted, not made. "
        "Exit code 0: applied; 1: refused by the gate, nothing was changed; 2: failed, run it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's own arguments, and those of the gate."""
        super().add_arguments(parser)
        add_target_arguments(parser)
        add_report_arguments(parser)
        add_reading_arguments(parser)
        help = (
            "take the gate's counting from this report of precheck (of a standby, as a rule; --format json --output "
            "FILE) and count only what is new since, here"
        )
        parser.add_argument("--census", metavar="FILE", help=help)
        help = "do not look before migrating; for a test database or an emergency"
        parser.add_argument("--skip-precheck", action="store_true", help=help)
        help = "how long to try again for a lock, or to wait for another deploy (default: 600)"
        parser.add_argument(
            "--retry-for", type=whole_number("seconds", least=0), default=600, metavar="SECONDS", help=help
        )
        help = "cancel our own statement when others wait longer behind it (default: 200; 0: never)"
        parser.add_argument(
            "--max-stall", type=whole_number("milliseconds", least=0), default=200, metavar="MILLISECONDS", help=help
        )
        parser.add_argument("--no-wait", action="store_true", help="refuse where another deploy is at work")

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run, and turn every error into one sentence and its exit code; on another vendor's database as Django does.

        Options that are left out (by a command that is made of this one) are what they are on the command line. Called
        by a migration its errors go to the `migrate` at work as they are: it may have to try that migration again.
        """
        options = vars(self.create_parser("manage.py", "migrate").parse_args([])) | options
        alias = options["database"]
        if is_of_another_vendor(alias) or (alias in connections and deploy.is_at_work(connection_of(alias))):
            return super(ErrorsAsSentences, self).execute(*args, **options)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Gate, adopt, then Django."""
        if options["census"] and (options["skip_precheck"] or _leaves_the_database_alone(options)):
            raise CommandError("--census is for the gate, which is not asked here.")
        connection = connection_of(options["database"])
        if is_of_another_vendor(options["database"]):
            _refuse_reports(options)
            super().handle(*args, **options)
            return
        if deploy.is_at_work(connection):  # called by a migration or a signal of the one that is at work
            super().handle(*args, **options)
            return
        only_tells = options["plan"] or options["check_unapplied"]
        if only_tells and (options["format"] == "json" or options["output"]):
            raise CommandError("--plan and --check print Django's own lines: not with --format json or --output.")
        expected = {name: options[name] for name in ("expect_database", "expect_schema")}
        target = connect(connection, **expected, to_migrate=not only_tells)
        if only_tells:
            with only_own_tables(connection):
                super().handle(*args, **options)
            return
        progress = progress_on(sys.stderr, wanted=options["verbosity"] > 0 and not options["no_progress"])
        patience = 0 if options["no_wait"] else options["retry_for"]
        with (
            report_file(options["output"]) as write,
            deploy_lock(connection, wait=patience, progress=progress),
            only_own_tables(connection),
        ):
            started = time.monotonic()
            catalog.refuse_unreadable(connection, ["django_migrations"], role=target.role)
            if not _leaves_the_database_alone(options):
                deploy.refuse_rollback(connection, gate=not options["skip_precheck"], **_names(options))
            gate = self._gate(options, progress)
            done, waits = (None, None) if gate and gate.blocking else self._apply(connection, args, options, progress)
            run = MigrateReport(
                target=target, gate=gate, done=done, lock_waits=waits, seconds=time.monotonic() - started
            )
            self._report(options, run, write)
        self._close(options, run)

    def _gate(self, options: dict[str, Any], progress: Progress) -> PrecheckReport | None:
        """What precheck says, None where it is not asked; `--skip-precheck` is said loudly."""
        if options["skip_precheck"]:
            self._tell(options, SKIPPED)
            return None
        if _leaves_the_database_alone(options):
            return None
        before = incremental.read(options["census"]) if options["census"] else None
        how: dict[str, Any] = {"reading": scan_options(options), "before": before, "progress": progress}
        gate = precheck.run(using=options["database"], fake_initial=options["fake_initial"], **how, **_names(options))
        deploy.refuse_what_would_fail(gate)
        if gate.data.recount:
            self._tell(options, f"{gate.data.recount}.")
        if not gate.blocking and not gate.plan.backwards:
            self._tell(
                options, f"Gate: {gate.verdict}, {pluralize(len(gate.findings), 'finding')}, none of them blocks."
            )
        return gate

    def _apply(
        self, connection: Connection, args: Any, options: dict[str, Any], progress: Progress
    ) -> tuple[Done, LockWaits]:
        """Adopt what is there, then Django's own migrate; what was done, and the lock waits where it takes locks."""
        asked = {name: options[name] for name in ARGUMENTS if options[name]}
        self.history = History(connection=connection, makes_tables=bool(options["run_syncdb"]))
        if _leaves_the_database_alone(options):
            self._only_record(connection, args, options, asked)
            return self.history.done(), None
        planned = migration_plan.read(connection, with_rollback=False, **_names(options))
        wishes = LockOptions(max_stall=options["max_stall"] / 1000, retry_for=options["retry_for"], progress=progress)
        if is_in_transaction(connection) and planned.changes_something:
            self._tell(options, HOLDS_LOCKS)
        steps = deploy.steps_of(planned)
        with (
            deploy.on_its_ladder(connection, wishes, is_needed=bool(steps)) as watchdog,
            deploy.recorded(self.history, steps, arguments=asked, watchdog=watchdog),
        ):
            for one in deploy.adopt(connection, planned):
                self._tell(options, f"Adopting {one}: its tables are there already, it is recorded and not run.")
            with self._seeing_elsewhere(connection, options), self._reporting_elsewhere(options):
                super().handle(*args, **options)
        return self.history.done(), watchdog.figures()

    def _only_record(self, connection: Connection, args: Any, options: dict[str, Any], asked: dict[str, Any]) -> None:
        """What runs no migration leaves its trace too: of all commands it is these that make the record untrue."""
        steps = {}
        if options["fake"] or options["prune"]:
            steps = deploy.steps_of_records(connection, prune=options["prune"], **_names(options))
        with (
            deploy.recorded(self.history, steps, arguments=asked),
            self._seeing_elsewhere(connection, options),
            self._reporting_elsewhere(options),
        ):
            super().handle(*args, **options)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """Django's lines, and which migrations were really run."""
        if action in ("apply_success", "unapply_success") and not fake and hasattr(self, "history"):
            self.history.ran.append(f"{migration.app_label}.{migration.name}")
        super().migration_progress_callback(action, migration, fake)

    @contextmanager
    def _seeing_elsewhere(self, connection: Connection, options: dict[str, Any]) -> Iterator[None]:
        """What goes out through other aliases is said, and refused where the operator named the database."""

        def tell(sentence: str) -> None:
            self.stderr.write(sentence, self.style.WARNING)

        elsewhere = Elsewhere(connection, expected=options["expect_database"] is not None, tell=tell)
        self.history.elsewhere = elsewhere.wrote
        with elsewhere.watched():
            yield

    @contextmanager
    def _reporting_elsewhere(self, options: dict[str, Any]) -> Iterator[None]:
        """What Django prints makes way for the report where that goes to stdout as JSON."""
        stdout = self.stdout
        if options["format"] == "json":
            self.stdout = self.stderr
        try:
            yield
        finally:
            self.stdout = stdout

    def _report(self, options: dict[str, Any], run: MigrateReport, write: Callable[[str], Any] | None) -> None:
        from migrations_safety.rendering import serialization, text

        look: dict[str, Any] = {"width": screen_width(), "colour": wants_colour(self, options)}
        to_stdout = partial(write_report, self.stdout)
        if options["format"] == "json":
            (write or to_stdout)(standard_json.dumps(serialization.migrate(run), indent=2) + "\n")
        elif run.gate and run.gate.blocking:
            (write or to_stdout)(text.precheck(run.gate, seconds=run.seconds, **look))
        elif write:
            write(text.migrate(run, **look))
        if run.lock_waits and run.lock_waits["count"] is not None:
            self._tell(options, "Lock waits caused: {count}, the longest {longest_ms} ms.".format(**run.lock_waits))

    def _close(self, options: dict[str, Any], run: MigrateReport) -> None:
        """The closing sentence; where the gate refused it is raised."""
        from migrations_safety.rendering.text.migrate import MIGRATE_VERDICTS

        if run.done is None:
            raise Refused(f"migrate: {MIGRATE_VERDICTS[run.verdict]}.")
        where = IN_TRANSACTION if run.target.in_transaction and run.verdict != "nothing to do" else ""
        self._tell(options, f"migrate: {MIGRATE_VERDICTS[run.verdict]}{where}.")

    def _tell(self, options: dict[str, Any], sentence: str) -> None:
        if options["verbosity"] > 0:
            self.stderr.write(sentence, str)


def __getattr__(name: str) -> Any:
    """`Command`, when Django asks for it: built on the `migrate` of the next app, where there is one."""
    if name != "Command":
        raise AttributeError(name)
    return built_on_next("migrate", SafeMigrate, DjangoMigrate)


def _leaves_the_database_alone(options: dict[str, Any]) -> bool:
    """True for what changes Django's records only, or concerns apps without migrations."""
    return bool(options["fake"] or options["prune"] or (options["run_syncdb"] and options["app_label"]))


def _refuse_reports(options: dict[str, Any]) -> None:
    """What somebody relies on is not left out in silence."""
    ours = {"--format json": options["format"] == "json"}
    names = ("output", "census", "expect_database", "expect_schema")
    ours |= {f"--{name.replace('_', '-')}": options[name] for name in names}
    if wanted := [name for name, is_wanted in ours.items() if is_wanted]:
        problem = f'{", ".join(wanted)}: only for PostgreSQL, and "{options["database"]}" is not.'
        raise CommandError(problem, returncode=COULD_NOT)


def _names(options: dict[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in ("app_label", "migration_name")}
