"""What is killed: each command with the state it starts from, on a small hospital in which every path has rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from tests.support.cluster import NUMBERS, Cluster, Database, legacy
from tests.support.commands import Running, environment
from tests.torture.state import state

ROWS = """
    CREATE FUNCTION pg_temp.some_id(what text) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN overlay(overlay(md5(what) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid;
    INSERT INTO users (id, email, "firstName", "lastName", "updatedAt")
    SELECT pg_temp.some_id('user' || n), 'nurse' || n, 'A', 'B', '2026-01-01' FROM generate_series(1, 3) AS n;
    INSERT INTO medical_records (id, "recordNumber", "patientId", "createdAt", "updatedAt")
    SELECT pg_temp.some_id('record' || n), 'MR-' || n, pg_temp.some_id('patient' || n), '2026-01-01', '2026-01-01'
    FROM generate_series(1, 6) AS n;
    INSERT INTO surgical_cases (id, "caseNumber", "patientId", "procedureName", status, "scheduledStartAt",
                                "scheduledEndAt", "createdAt", "updatedAt")
    SELECT pg_temp.some_id('case' || n), 'SC-' || n, pg_temp.some_id('patient' || n + 2), 'P', 'S', '2026-01-01',
           '2026-01-01', '2026-01-01', '2026-01-01' FROM generate_series(1, 6) AS n;
    INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "createdAt", "updatedAt")
    SELECT pg_temp.some_id('bill' || n), 'B-' || n, CASE WHEN n < 7 THEN pg_temp.some_id('payer' || n % 5) END, n,
           '2026-01-01', '2026-01-01' FROM generate_series(1, 8) AS n;
    INSERT INTO patient_consent_instances (id, "instanceNumber", "templateId", "templateVersion", "patientId",
                                           "createdAt", "updatedAt")
    SELECT pg_temp.some_id('consent' || n), 'C-' || n, pg_temp.some_id('template'), '1',
           pg_temp.some_id('patient' || n), '2026-01-01', '2026-01-01' FROM generate_series(1, 3) AS n;
    INSERT INTO insurance_policies (id, "patientId", "payerName", "policyNumber", "effectiveDate", "createdAt",
                                    "updatedAt")
    SELECT pg_temp.some_id('policy' || n), pg_temp.some_id('insured' || n), 'P', 'N', '2026-01-01', '2026-01-01',
           '2026-01-01' FROM generate_series(1, 5) AS n"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """A command as typed, and the name of the story after which it comes; None for the hospital as it was."""

    command: tuple[str, ...]
    after: str | None = None


BACKFILL = ("backfill_placeholders", "--no-progress", "--batch-size", "4", "--batch-time", "60000")
STORIES = {
    "backfill": Story(command=BACKFILL),
    "migrate": Story(command=("migrate", "--no-progress"), after="backfill"),
    "nullify": Story(command=(*BACKFILL, "--nullify", "bills", "--nullify", "insurance_policies"), after="tables"),
    "restore": Story(command=(*BACKFILL, "--restore-nullified"), after="nullify"),
    "back to no keys": Story(command=("migrate", "ehr", "0001", "--no-progress"), after="migrate"),
    "back to nothing": Story(command=("migrate", "patients", "zero", "--no-progress"), after="migrate"),
    "migrate with nullified": Story(command=("migrate", "--no-progress"), after="nullify"),
    "roll back": Story(command=("rollback_patient_module", "--no-progress"), after="migrate with nullified"),
    "tables": Story(command=("migrate", "patients", "--no-progress")),
}


@dataclass
class Stage:
    """A server, and what each story starts from and ends in.

    Where the server `may_crash`, a copy begins with a checkpoint: the numbers that a copied sequence gives are not
    logged before the first one, so a crash would take them back, which no database that was not copied does.
    """

    cluster: Cluster
    folder: Path
    id_type: str = "uuid"
    may_crash: bool = False
    templates: dict[str | None, Database] = field(default_factory=dict)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """What the last command said."""
        return self.folder / "said"

    def start(self, story: Story) -> Database:
        """A fresh database in which the story's command is the next."""
        return self._copy_of(self.template(story.after))

    def end(self, name: str) -> dict[str, Any]:
        """The state in which an undisturbed run of the story ends."""
        if name not in self.ends:
            template = self.template(name)
            self.ends[name] = state(template)
            template.close()
        return self.ends[name]

    def run(self, *arguments: str, url: str) -> int:
        """A command's exit code; what it says is in `log`."""
        with self.running(*arguments, url=url) as command:
            return command.wait()

    def running(self, *arguments: str, url: str) -> Running:
        """A command that has been started; what it says is in `log`."""
        with self.log.open("w") as log:
            variables = environment(DATABASE_URL=url, EHR_ID_TYPE=self.id_type)
            return Running(*arguments, variables=variables, log=log)

    def _copy_of(self, template: Database) -> Database:
        database = Database(self.cluster.server, f"torture_{next(NUMBERS)}", template.id_type)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.cluster.administration.execute(
            statement.format(sql.Identifier(database.name), sql.Identifier(template.name))
        )
        if self.may_crash:
            self.cluster.administration.execute("CHECKPOINT")
        return database

    def template(self, name: str | None) -> Database:
        """The database in which the story has ended; for None the hospital as it was."""
        if name not in self.templates:
            if name is None:
                database = self.cluster.create("empty", self.id_type)
                legacy(database)
                database.execute(ROWS)
            else:
                database = self.start(STORIES[name])
                code = self.run(*STORIES[name].command, url=database.url)
                assert code == 0, self.log.read_text()
            database.close()
            self.templates[name] = database
        return self.templates[name]


@contextmanager
def stage(cluster: Cluster, *, id_type: str = "uuid", may_crash: bool = False) -> Iterator[Stage]:
    """A stage on this server; its databases go with it."""
    with tempfile.TemporaryDirectory(prefix="ehr-torture-") as folder:
        made = Stage(cluster, Path(folder), id_type, may_crash)
        try:
            yield made
        finally:
            for database in made.templates.values():
                cluster.drop(database)
