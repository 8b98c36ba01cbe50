"""Hospitals of any size: five tables of equal length whose references are drawn from so many patients."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from migrations_safety.postgresql.embedded_server import Server
from tests.support.cluster import SCHEMAS
from tests.support.commands import ROOT, environment

TABLES = {
    "surgical_cases": """INSERT INTO surgical_cases (id, "caseNumber", "patientId", "procedureName", status,
        "scheduledStartAt", "scheduledEndAt", "updatedAt")
        SELECT {id}, 'SC-' || n, {patient}, 'Procedure ' || n %% 200, 'COMPLETED', now(), now(), now()""",
    "medical_records": """INSERT INTO medical_records (id, "recordNumber", "patientId", "updatedAt")
        SELECT {id}, 'MR-' || n, {patient}, now()""",
    "bills": """INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt")
        SELECT {id}, 'B-' || n, {patient}, 500 + n %% 9000, now()""",
    "patient_consent_instances": """INSERT INTO patient_consent_instances (id, "instanceNumber", "templateId",
        "templateVersion", "patientId", "updatedAt")
        SELECT {id}, 'C-' || n, {id}, '1.0', {patient}, now()""",
    "insurance_policies": """INSERT INTO insurance_policies (id, "patientId", "payerName", "policyNumber",
        "effectiveDate", "updatedAt")
        SELECT {id}, {patient}, 'Payer ' || n %% 12, 'P-' || n, DATE '2024-01-01', now()""",
}
ROWS_OF = " FROM generate_series(1, %(rows)s::bigint) AS n"
ID = "lpad(to_hex(n), 32, '0')::uuid"
"""Ids of rows come in order, so that their index is made fast; the references do not."""
DIGEST = "md5('p' || (n + %(first)s) * 7919 %% %(patients)s::bigint)"
PATIENT = f"overlay(overlay({DIGEST} PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid"
ROWS_PER_PATIENT = {"few": 20, "many": 2}
"""Rows of all tables together for each distinct id; "few" is usual, "many" the worst case."""
INDEXED = {"yes": "indexed", "schema": "indexed as its schema has it", "no": "no index"}
"""All five referencing columns, all but insurance_policies, none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hospital:
    """`rows` in the five tables together; `distinct` few or many ids, of type `id_type`; `indexed` as in INDEXED."""

    rows: int
    id_type: str
    distinct: str
    indexed: str

    @property
    def name(self) -> str:
        """The name of its database."""
        return f"hospital_{self.rows}_{self.id_type}_{self.distinct}_indexed_{self.indexed}"

    @property
    def label(self) -> str:
        """What people read."""
        return f"{self.rows:,} rows, {self.id_type} ids, {self.distinct} distinct, {INDEXED[self.indexed]}"

    @property
    def patients(self) -> int:
        """Distinct ids, none of which has a row in patients."""
        return self.rows // ROWS_PER_PATIENT[self.distinct]

    def create(self, server: Server) -> str:
        """Make its database, set-based and with the indexes last, and give its URL."""
        _administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.name)))
        tables, indexes = (SCHEMAS / f"legacy_{self.id_type}.sql").read_text().split("-- CreateIndex", 1)
        cast = "::text" if self.id_type == "text" else ""
        with psycopg.connect(server.url(self.name), autocommit=True) as connection:
            connection.execute(tables.encode())
            for number, insert in enumerate(TABLES.values()):
                query = insert.format(id=ID + cast, patient=PATIENT + cast) + ROWS_OF
                first = number * self.patients // len(TABLES)
                of_table = {"rows": self.rows // len(TABLES), "patients": self.patients, "first": first}
                connection.execute(query.encode(), of_table)
            connection.execute(indexes.encode())
            for table in TABLES:
                name = sql.Identifier(f"{table}_patientId_idx")
                if self.indexed == "yes":
                    on = sql.SQL('CREATE INDEX IF NOT EXISTS {} ON {} ("patientId")')
                    connection.execute(on.format(name, sql.Identifier(table)))
                elif self.indexed == "no":
                    connection.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(name))
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
        return server.url(self.name)

    def drop(self, server: Server) -> None:
        """Drop its database."""
        _administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name)))


@contextmanager
def copied(server: Server, hospital: Hospital) -> Iterator[str]:
    """The URL of a copy with the tables of the patient module, which is dropped afterwards."""
    name = sql.Identifier(f"{hospital.name}_copy")
    _administer(server, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(hospital.name)))
    url = server.url(f"{hospital.name}_copy")
    try:
        migrate = [sys.executable, "manage.py", "migrate", "patients", "0001", "-v", "0"]
        variables = environment(DATABASE_URL=url, EHR_ID_TYPE=hospital.id_type)
        subprocess.run(migrate, cwd=ROOT, env=variables, check=True, capture_output=True)
        yield url
    finally:
        _administer(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _administer(server: Server, statement: sql.Composed) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(statement)
