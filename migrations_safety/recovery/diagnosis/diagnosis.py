"""Says where a database stands after a deploy that failed or was killed, and which commands come next."""

from __future__ import annotations

from django.utils.timezone import now

from migrations_safety.backup.evidence.values import Places
from migrations_safety.messages.progress import Progress
from migrations_safety.postgresql.connection import connection_of
from migrations_safety.postgresql.snapshot import in_snapshot
from migrations_safety.postgresql.target import connect
from migrations_safety.recovery.diagnosis.areas import areas
from migrations_safety.recovery.diagnosis.facts import gather
from migrations_safety.recovery.diagnosis.judgement import judge
from migrations_safety.recovery.diagnosis.next_steps import ways
from migrations_safety.recovery.diagnosis.remaining_sql import remaining
from migrations_safety.recovery.diagnosis.report import DiagnosisReport
from migrations_safety.recovery.diagnosis.unhindered import unhindered


def run(
    *,
    using: str,
    expect_database: str | None = None,
    expect_schema: str | None = None,
    places: Places | None = None,
    progress: Progress | None = None,
) -> DiagnosisReport:
    """Look at the database of the alias `using`, in one read-only snapshot; works on a standby.

    `places` are those of backups; the archives in the record of runs are looked for without them, too. Raises a
    Refusal where the connection does not lead to the expected database. A part that cannot be read does not end the
    look: the report says so.
    """
    connection = connection_of(using)
    with unhindered(connection):
        target = connect(connection, expect_database=expect_database, expect_schema=expect_schema)
        facts = in_snapshot(
            connection,
            lambda: gather(connection, target, places or Places()),
            progress=progress or Progress(),
            counts_rows=False,
        )
        facts.remaining = [remaining(connection, half) for half in facts.halves.found]
    forward, back = ways(facts)
    return DiagnosisReport(
        target=target,
        areas=areas(facts, at=now()),
        halves=(*facts.missing.halves, *(one.steps for one in facts.halves.found)),
        findings=tuple(judge(facts, target)),
        forward=forward,
        back=back,
    )
