"""`rehearse`: runs the whole deploy on a copy of the database, and goes back there."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandError

from migrations_safety.management.arguments import duration, named, whole_number
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.written_formats import WITH_FINDINGS, with_findings
from migrations_safety.messages.progress import Progress
from migrations_safety.recovery.rehearsal import rehearsal
from migrations_safety.recovery.rehearsal.options import Limits, RehearsalOptions
from migrations_safety.rendering import rehearsal_serialization, text
from migrations_safety.rendering.document import rehearsal_account

AS_THEY_ARE = ("app_label", "migration_name", "expect_database", "expect_schema", "scratch_url", "backup",
               "clone_command", "clone_cleanup_command", "keys_only", "keep", "writers", "backfill",
               "opens_network")  # fmt: skip
"""Options of the command that have the same names in RehearsalOptions."""


class Command(SafetyCommand):
    """Run the deploy on a copy, and report what it did there."""

    only_looks = True
    formats = WITH_FINDINGS
    help = (
        "Copies the database, and runs the whole deploy on the copy: precheck, backfill_placeholders if asked, "
        "migrate with all its code, verify_schema, and the rollback. Measures time, locks, WAL and temporary files of "
        "each step, lets other sessions write meanwhile, and compares all rows with those from before. The database "
        "itself is only read. Unless --keys-only is given, the copy holds the rows of patients: nobody else may enter "
        "it, and it is dropped at the end. Exit code 0: passed; 1: failed or over a limit; 2: could not rehearse."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what is rehearsed, where, and the limits."""
        super().add_arguments(parser)
        help = "label of the app to migrate, as for migrate (default: all)"
        parser.add_argument("app_label", nargs="?", metavar="APP", help=help)
        parser.add_argument("migration_name", nargs="?", metavar="NAME", help="name of the last migration to apply")
        _add_copy(parser)
        help = "how many sessions write to the locked tables while the deploy runs (default: 2; 0: none)"
        writers = whole_number("sessions", least=0, most=20)
        parser.add_argument("--writers", type=writers, default=2, metavar="NUMBER", help=help)
        help = (
            "run backfill_placeholders first, with these options, as the deploy does: --backfill, or "
            '--backfill="--nullify TABLE"'
        )
        parser.add_argument("--backfill", type=words, nargs="?", const=(), metavar="OPTIONS", help=help)
        help = "let the code of migrations reach the network and other programs (default: it cannot)"
        parser.add_argument("--open-network", dest="opens_network", action="store_true", help=help)
        _add_limits(parser)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Rehearse, and return the report as an Outcome."""
        _refuse_together(options)
        wanted = RehearsalOptions(
            using=options["database"], limits=_limits(options), **{name: options[name] for name in AS_THEY_ARE}
        )
        report = rehearsal.run(wanted, progress=progress)
        return Outcome(
            is_refused=report.verdict == "failed",
            closing=f"rehearse: {report.verdict}.",
            text=partial(text.rehearsal, report, seconds=seconds()),
            json=partial(rehearsal_serialization.rehearsal, report, seconds=seconds()),
            **with_findings(report, rehearsal_account.rehearsal, seconds=seconds()),
        )


def _refuse_together(options: dict[str, Any]) -> None:
    if options["clone_command"] and (options["backup"] or options["scratch_url"]):
        raise CommandError("--clone-command gives the copy: leave out --from and --scratch-url.")
    if options["keys_only"] and (options["backup"] or options["clone_command"]):
        source = "--from" if options["backup"] else "--clone-command"
        raise CommandError(f"--keys-only reads the database itself: leave out {source}, whose copy has all values.")
    if options["clone_cleanup_command"] and not options["clone_command"]:
        raise CommandError("--clone-cleanup-command: name the command that makes the copy with --clone-command.")


def words(text: str) -> tuple[str, ...]:
    """The options of `backfill_placeholders` in one text, as a shell splits them."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise ArgumentTypeError("a quote is not closed") from None


def _add_copy(parser: ArgumentParser) -> None:
    """Add where the copy comes from, what it holds, and where it stands."""
    help = (
        "URL of a database on the server where the copies are made, by a role that may create databases (default: "
        "the database's own server where the role may create databases and is no superuser, and where there is "
        "room, otherwise a PostgreSQL that is started here)"
    )
    parser.add_argument("--scratch-url", type=named, metavar="URL", help=help)
    help = (
        "a command that makes a copy, such as a thin clone or a started snapshot, and prints its URL; it runs for "
        "each run, with MIGRATIONS_SAFETY_CLONE_OF (the name of the database), _OF_HOST, _OF_PORT and _ID"
    )
    parser.add_argument("--clone-command", type=named, metavar="COMMAND", help=help)
    help = "a command that removes such a copy, with MIGRATIONS_SAFETY_CLONE_URL and the same variables"
    parser.add_argument("--clone-cleanup-command", type=named, metavar="COMMAND", help=help)
    help = (
        "restore the copy from this archive of backup_database, which is of this database and unchanged, instead "
        "of copying the database"
    )
    parser.add_argument("--from", dest="backup", type=named, metavar="BACKUP", help=help)
    help = (
        "copy no value of a row: ids and keys are replaced by others of their kind, all other columns get made-up "
        "values of the same size"
    )
    parser.add_argument("--keys-only", action="store_true", help=help)
    parser.add_argument("--keep", action="store_true", help="do not drop the copy on which the deploy ran")


def _add_limits(parser: ArgumentParser) -> None:
    usual = Limits()
    numbers = (
        ("stall", "milliseconds", usual.stall_ms, "a write of the application may wait at most this long"),
        ("lock", "milliseconds", usual.lock_ms, "a lock that stops writers may be held at most this long"),
        ("wal", "megabytes", usual.wal_mb, "the deploy may write at most so much WAL"),
    )
    for name, unit, default, what in numbers:
        number = whole_number(unit, least=0)
        help = f"{what} (default: {default:,})"
        parser.add_argument(f"--limit-{name}", type=number, default=default, metavar=unit.upper(), help=help)
    percent = whole_number("percent", least=0)
    help = f"the database may grow at most by so much (default: {usual.growth_percent}, or 1 GB if that is more)"
    parser.add_argument("--limit-growth", type=percent, default=None, metavar="PERCENT", help=help)
    help = "the deploy may take at most this long without its rollback, such as 90m (default: 1h)"
    parser.add_argument("--limit-duration", type=duration, default=None, metavar="DURATION", help=help)


def _limits(options: dict[str, Any]) -> Limits:
    wanted, growth = options["limit_duration"], options["limit_growth"]
    return Limits(
        stall_ms=options["limit_stall"],
        lock_ms=options["limit_lock"],
        wal_mb=options["limit_wal"],
        growth_percent=Limits().growth_percent if growth is None else growth,
        growth_mb=Limits().growth_mb if growth is None else 0,
        seconds=int(wanted.total_seconds()) if wanted else Limits().seconds,
    )
