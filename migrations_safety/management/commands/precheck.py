"""`precheck`: reports whether `migrate` would be safe on this database as it is now."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now

from migrations_safety.management.arguments import (
    add_measuring_arguments,
    add_reading_arguments,
    measure_options,
    named,
    scan_options,
)
from migrations_safety.management.backup_arguments import add_place_arguments, places_of
from migrations_safety.management.base import Outcome, SafetyCommand
from migrations_safety.management.ci_formats import OF_CI, for_ci, repository
from migrations_safety.management.embedded_arguments import (
    add_embedded_arguments,
    database_to_check,
    with_embedded,
)
from migrations_safety.management.kept_arguments import add_keeping_argument
from migrations_safety.management.report_file import report_file
from migrations_safety.management.report_places import TEXT, ReportPlace, refuse_same_file, report_places
from migrations_safety.management.traffic_arguments import add_traffic_arguments, traffic_options
from migrations_safety.measurement.statement_texts import statements_of_file
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.humanize import pluralize
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.application_statements import ApplicationStatements
from migrations_safety.precheck import baseline, precheck, statistics
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth
from migrations_safety.rendering import github, html, markdown, serialization, text, traffic_serialization
from migrations_safety.rendering.ci_of_precheck import of_precheck

SHOWN_IDS = 100
DRAWN: dict[str, Callable[..., str]] = {"markdown": markdown.precheck, "html": html.precheck}
"""By the name of each further format what draws a report in it, from `seconds` (the duration) and `at` (the time)."""


class Command(SafetyCommand):
    """Check the pending migrations against the database, without changing anything."""

    only_looks = True
    formats = (TEXT, "json", *DRAWN, *OF_CI)
    help = (
        "Checks what `migrate` with the same arguments would do to this database, and whether something should stop "
        "it. Reads the catalog, the privileges of the role, the sessions that use the tables, and every value that a "
        "new foreign key must cover. Changes nothing, and reads the tables in one snapshot. Exit code 0: no finding "
        "blocks; 1: at least one finding blocks; 2: the check could not be done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments of migrate, and the options that say how closely to check."""
        super().add_arguments(parser)
        add_reading_arguments(parser)
        add_measuring_arguments(parser)
        add_traffic_arguments(parser)
        parser.add_argument(
            "app_label", nargs="?", help="label of the app whose migrations to check (default: all apps)"
        )
        help = "migration that migrate would go to, forwards or backwards; zero unapplies all (default: the latest)"
        parser.add_argument("migration_name", nargs="?", help=help)
        help = (
            "check what migrate --fake-initial would do: it records an initial migration whose tables and columns "
            "exist as applied, and does not run it"
        )
        parser.add_argument("--fake-initial", action="store_true", help=help)
        add_keeping_argument(parser)
        help = "lowest level of a finding that blocks: error (default), or warning (then warnings and errors block)"
        parser.add_argument("--fail-level", choices=("warning", "error"), default="error", help=help)
        _add_selecting_arguments(parser)
        add_place_arguments(parser)
        add_embedded_arguments(parser)
        help = (
            "file with the statements that programs send to this database, as SQL or as JSON; those that fail after a "
            "migration are named (default: the statements of the extension pg_stat_statements)"
        )
        parser.add_argument("--application-statements", type=named, metavar="FILE", help=help)
        _add_depth_arguments(parser)
        help = (
            "print up to 100 identifiers without a parent row for each parent table; they are patient data, so they "
            "are printed only to a terminal"
        )
        parser.add_argument("--show-ids", action="store_true", help=help)

    def run_report(self, options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
        """Run the checks, and return the report on them as an Outcome."""
        places = report_places(options, self.formats)
        written = [options[name] for name in ("write_statistics", "write_baseline") if options[name]]
        refuse_same_file([*(place.path for place in places), *map(os.path.realpath, written)])
        self._refuse_to_show_ids(options, places)
        if options["write_statistics"] and options["write_baseline"]:
            raise CommandError("--write-statistics checks nothing; leave out --write-baseline.")
        if options["write_statistics"]:
            _refuse_reviews(places)
            return _write_statistics(options, progress, seconds)
        if options["since"] and options["write_baseline"]:
            raise CommandError("--write-baseline writes all findings; leave out --since.")
        with report_file(options["write_baseline"]) as write, database_to_check(options, progress) as embedded:
            is_marked = any(place.format == "json" for place in places)
            report = precheck.run(
                using=options["database"],
                expect_database=options["expect_database"],
                expect_schema=options["expect_schema"],
                options=with_embedded(_precheck_options(options, is_marked=is_marked), embedded),
                progress=progress,
            )
            if write:
                known = baseline.baseline_of(report, options["write_baseline"])
                write(baseline.as_text(known))
                report = baseline.apply(report, known)
        took, at, of_ci = seconds(), now(), partial(of_precheck, report, root=repository())
        return Outcome(
            is_refused=bool(report.blocking),
            closing=f"precheck: {report.verdict}, {pluralize(len(report.blocking), 'blocking finding')}.",
            text=partial(text.precheck, report, seconds=took),
            json=partial(serialization.precheck, report, seconds=took),
            formats={name: partial(draw, report, seconds=took, at=at) for name, draw in DRAWN.items()}
            | for_ci(of_ci, seconds=took, at=at),
            summary=lambda limit: github.summary(of_ci(), limit),
        )

    def _refuse_to_show_ids(self, options: dict[str, Any], places: tuple[ReportPlace, ...]) -> None:
        if options["show_ids"] and options["depth"]:
            raise CommandError("--show-ids reads the data; leave out --no-data and --approximate.")
        is_for_person = all(place.format == TEXT and place.file is None for place in places) and self.stdout.isatty()
        if options["show_ids"] and not is_for_person:
            raise CommandError(
                "--show-ids prints patient data; it needs --format text and a terminal, not a file or pipe."
            )


def _refuse_reviews(places: tuple[ReportPlace, ...]) -> None:
    if names := [place.format for place in places if place.format not in (TEXT, "json")]:
        raise CommandError(f"--write-statistics checks nothing; leave out the format {names[0]}.")


def _write_statistics(options: dict[str, Any], progress: Progress, seconds: Callable[[], float]) -> Outcome:
    with report_file(options["write_statistics"]) as write:
        target, saved = statistics.take(
            using=options["database"],
            file=options["write_statistics"],
            expect_database=options["expect_database"],
            expect_schema=options["expect_schema"],
            progress=progress,
        )
        assert write is not None
        write(statistics.as_text(saved))
    tables = pluralize(len(saved.figures), "table")
    return Outcome(
        is_refused=False,
        closing=f"precheck: statistics of {tables} written to {saved.file}, nothing was checked.",
        text=partial(text.statistics, target, saved),
        json=partial(traffic_serialization.statistics, target, saved, seconds=seconds()),
    )


def _add_depth_arguments(parser: ArgumentParser) -> None:
    depth = parser.add_mutually_exclusive_group()
    help = "read only the catalog and no rows: fast, but rows whose parent row does not exist are not found"
    depth.add_argument("--no-data", dest="depth", action="store_const", const=Depth.CATALOG, help=help)
    help = (
        "estimate the number of orphans (values whose parent row does not exist) from statistics and a few index "
        "entries instead of counting them; this takes milliseconds at any size but proves nothing, so the exit "
        "code is 1 whenever there are foreign keys to check"
    )
    depth.add_argument("--approximate", dest="depth", action="store_const", const=Depth.ESTIMATE, help=help)


def _add_selecting_arguments(parser: ArgumentParser) -> None:
    help = (
        "do not tell the findings again that this file holds: a report of precheck as JSON, or a file of "
        "--write-baseline; they do not block, and a line says how many they are"
    )
    parser.add_argument("--baseline", type=named, metavar="FILE", help=help)
    help = "write all findings that may be known to this file, for --baseline; then they do not block"
    parser.add_argument("--write-baseline", type=named, metavar="FILE", help=help)
    help = (
        "report only on migrations whose files were added or changed since this git revision, and on those that git "
        "does not know; a line says how many others are left out"
    )
    parser.add_argument("--since", type=named, metavar="REF", help=help)


def _precheck_options(options: dict[str, Any], *, is_marked: bool) -> PrecheckOptions:
    return PrecheckOptions(
        app_label=options["app_label"],
        migration_name=options["migration_name"],
        fake_initial=options["fake_initial"],
        keep_dropped=options["keep_dropped"],
        depth=options["depth"] or Depth.COUNT,
        scan=scan_options(options),
        is_marked=is_marked,
        show_ids=SHOWN_IDS if options["show_ids"] else 0,
        fail_level=Level(options["fail_level"]),
        baseline=baseline.read(options["baseline"]) if options["baseline"] else None,
        since=options["since"],
        measure=measure_options(options),
        traffic=traffic_options(options),
        statements=_statements(options),
        backups=places_of(options),
    )


def _statements(options: dict[str, Any]) -> ApplicationStatements | None:
    if not options["application_statements"]:
        return None
    if not options["measure"]:
        raise CommandError("--application-statements: only for a plan that is measured; leave out --no-measure.")
    return statements_of_file(options["application_statements"])
