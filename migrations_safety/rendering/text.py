"""Reports as text for people: the database, a table a screen wide, the findings, the verdict last."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

from migrations_safety.audit import RecordedRun
from migrations_safety.audit import Report as AuditReport
from migrations_safety.backfill import Report as BackfillReport
from migrations_safety.census import Counted
from migrations_safety.checks.evidence import Evidence
from migrations_safety.findings import Finding, Level
from migrations_safety.findings.references import REASONS
from migrations_safety.precheck import Report as PrecheckReport
from migrations_safety.session import Target
from migrations_safety.verification import Report as VerificationReport

COLOURS = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "blue"}
VERDICTS = {
    "safe": ("Safe to migrate.", "bold green"),
    "attention": ("Safe to migrate; read the warnings first.", "yellow"),
    "blocked": ("Blocked: do not migrate yet.", "bold red"),
}


class Page:
    """Text in the making; `colour` puts in a terminal's escape codes, `width` is in characters."""

    def __init__(self, *, width: int, colour: bool) -> None:
        from rich.console import Console

        self.file = StringIO()
        self.console = Console(
            file=self.file,
            width=width,
            force_terminal=colour,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """One paragraph, wrapped at the width."""
        self.console.print(text, style=style)

    def table(self, headings: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]]) -> None:
        """A table; each heading comes with `left` or `right`."""
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for heading, justify in headings:
            table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def findings(self, found: Iterable[Finding]) -> None:
        """Each finding: what it is about and what is, then the next command to type."""
        from rich.padding import Padding
        from rich.text import Text

        for one in found:
            words = Text.assemble((f"{one.level.value} {one.id}", COLOURS[one.level]), f"  {one.subject} {one.message}")
            self.console.print(words)
            self.console.print(Padding(Text(f"→ {one.hint}"), (0, 0, 0, 4)))

    def text(self) -> str:
        """The page without trailing blanks."""
        return "\n".join(line.rstrip() for line in self.file.getvalue().splitlines()) + "\n"


def database(target: Target) -> str:
    """Which database was looked at, in one line."""
    role = "standby" if target.in_recovery else "primary"
    where = f"{target.host}:{target.port}"
    return f'Database "{target.name}" at {where}, PostgreSQL {target.server_version}, {role}, as "{target.role}".'


def precheck(report: PrecheckReport, *, seconds: float, width: int, colour: bool) -> str:
    """The text of `precheck`."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    _plan(page, report)
    counted = [one for census in report.censuses for one in census.references]
    if counted:
        page.line()
        page.table(REFERENCE_HEADINGS, [_reference(report.evidence, one) for one in counted])
        classes = [f"{one.key.table}: {_classes(one)}" for one in counted if one.classes]
        page.line("Values by class: " + "; ".join(classes) + "." if classes else "No references yet.")
    elif not report.data_counted:
        page.line("The data was not counted (--no-data): orphans are not known.", style="yellow")
    if report.findings:
        page.line()
        page.findings(report.findings)
    if report.identifiers:
        page.line()
        page.line("Patient data, shown because of --show-ids; do not copy it anywhere:", style="bold red")
        for subject, identifier_class, value, rows in report.identifiers:
            page.line(f"  {subject} {identifier_class} {value!r} in {rows:,} rows")
    page.line()
    words, style = VERDICTS[report.verdict]
    if not report.plan.migrations and not report.plan.adopted and report.verdict == "safe":
        words = "Nothing to do: all migrations are applied."
    page.line(f"{words} ({seconds:.1f} s)", style=style)
    return page.text()


REFERENCE_HEADINGS = (
    ("reference", "left"), ("type", "left"), ("null", "left"), ("rows", "right"), ("not null", "right"),
    ("values", "right"), ("orphans", "right"), ("in rows", "right"),
)  # fmt: skip


def _plan(page: Page, report: PrecheckReport) -> None:
    plan = report.plan
    for one in plan.adopted:
        page.line(f"Adopts {one.label}: its tables are there already, it is recorded and not run.")
    if plan.backwards:
        page.line("Goes backwards: only what was migrated is taken back.")
    if plan.migrations:
        page.line(f"Would run {', '.join(one.label for one in plan.migrations)}:")
        page.line("  " + _operations(plan.operations) + ".")


def _operations(operations: dict[str, int]) -> str:
    words = {
        "create_enum": "enums", "create_table": "tables", "create_index": "indexes",
        "add_foreign_key": "foreign keys", "validate_foreign_key": "validations", "other": "other operations",
    }  # fmt: skip
    return (
        ", ".join(f"{count} {words[kind]}" for kind, count in operations.items() if count) or "nothing on the database"
    )


def _reference(evidence: Evidence, counted: Counted) -> list[str]:
    column = evidence.column(counted.key.table, counted.key.column)
    assert column is not None
    figures: tuple[Any, ...] = (
        counted.total_rows, counted.non_null, counted.distinct_values, counted.orphan_values, counted.orphan_rows,
    )  # fmt: skip
    described = [counted.key.subject, column.type, "yes" if column.nullable else "no"]
    return described + [f"{figure:,}" for figure in figures]


def _classes(counted: Counted) -> str:
    return ", ".join(f"{values:,} {name}" for name, values in counted.classes.items())


def backfill(report: BackfillReport, *, seconds: float, width: int, colour: bool) -> str:
    """The text of `backfill_placeholders`."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    if report.applied:
        page.line(f"The tables were pending: applied {', '.join(report.applied)}.")
    would = "would be " if report.dry_run else ""
    if not report.is_restore:
        page.line(
            f"{report.created:,} placeholders {would}created; {report.already_present:,} references had their parent."
        )
    for table, rows in report.nullified.items():
        page.line(
            f"{rows:,} references of {table} {would}set to NULL, old values kept (--restore-nullified puts them back)."
        )
    for table, rows in report.restored.items():
        page.line(f"{rows:,} references of {table} put back.")
    for table, rows in report.not_restored.items():
        page.line(
            f"{rows:,} references of {table} not put back: changed or deleted since, or a key forbids it.",
            style="yellow",
        )
    for name, values in report.refused.items():
        page.line(f"Refused: {values:,} values of the class {name}, which {REASONS[name]}.", style="bold red")
    if report.refused:
        page.line("python manage.py precheck says in which tables they are.")
    page.line()
    words, style = BACKFILL_VERDICTS[report.verdict]
    run = f", run {report.run_id}" if report.run_id else ""
    page.line(f"{words} ({seconds:.1f} s{run})", style=style)
    return page.text()


BACKFILL_VERDICTS = {
    "covered": ("Every reference is covered.", "bold green"),
    "restored": ("Put back.", "bold green"),
    "refused": ("Not everything could be done; what was refused is as it was.", "bold red"),
    "dry-run": ("Nothing was written (--dry-run).", "yellow"),
}


def verification(report: VerificationReport, *, seconds: float, width: int, colour: bool) -> str:
    """The text of `verify_patient_schema`."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    page.line()
    targets = ", ".join(f"{count} to {table}" for table, count in report.keys_by("target_table").items())
    rules = ", ".join(f"{count} {rule}" for rule, count in report.keys_by("on_delete").items())
    notes = {"foreign_keys": "; ".join(part for part in (targets, rules) if part)}
    rows = [
        (KINDS[kind], f"{report.found[kind]} of {expected}", notes.get(kind, ""))
        for kind, expected in report.expected.items()
    ]
    page.table((("declared", "left"), ("as declared", "right"), ("", "left")), rows)
    page.line(f"Rows without a parent: {report.orphan_rows:,}. Placeholders to be resolved: {report.placeholders:,}.")
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    words, style = VERIFICATION_VERDICTS[report.verdict]
    page.line(f"{words} ({seconds:.1f} s)", style=style)
    return page.text()


KINDS = {"tables": "tables", "foreign_keys": "foreign keys", "indexes": "indexes", "enum_labels": "enum labels"}
VERIFICATION_VERDICTS = {
    "verified": ("Verified: the schema is as declared, every reference has its parent.", "bold green"),
    "drift": ("Drift: the database is not as declared.", "bold red"),
}


def audit(report: AuditReport, *, width: int, colour: bool) -> str:
    """The text of `audit_runs`."""
    page = Page(width=width, colour=colour)
    page.line(database(report.target))
    for one in report.runs:
        page.line()
        page.line(f"{one.started_at:%Y-%m-%d %H:%M:%S %Z}  {one.command}  {one.outcome}  {_took(one)}")
        page.line(f"    {one.role} from {one.client} ({one.host}), version {one.version}, run {one.run_id}")
        for label, values in (("asked", one.arguments), ("counts", one.counts)):
            told = ", ".join(f"{name} {value}" for name, value in values.items() if value not in (None, {}, [], False))
            if told:
                page.line(f"    {label}: {told}")
        if one.error:
            page.line(f"    ended by {one.error}")
    if report.findings:
        page.line()
        page.findings(report.findings)
    page.line()
    words, style = AUDIT_VERDICTS[report.verdict]
    page.line(f"{len(report.runs)} runs. {words}", style=style)
    return page.text()


def _took(one: RecordedRun) -> str:
    return f"{(one.finished_at - one.started_at).total_seconds():.1f} s" if one.finished_at else ""


AUDIT_VERDICTS = {
    "holds": ("The record holds: nothing in it was changed, removed or reordered.", "bold green"),
    "broken": ("The record was changed.", "bold red"),
}
