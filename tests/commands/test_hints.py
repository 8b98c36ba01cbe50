"""A hint is followed letter by letter, in the state that it is printed for: the finding is gone, and no other came.

Each state has what makes it, and the hint of its finding is run: the SQL in it and the commands in it. Findings whose
hint asks for a decision, or for work that only a person can do, stand in `BY_PEOPLE` with the reason.
"""

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.test import override_settings

from migrations_safety.messages import wording
from migrations_safety.precheck import precheck as looking
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth
from migrations_safety.verification import verification
from migrations_safety.verification.scope import of_registered
from tests.support.by_people import AREAS_OF_PEOPLE, BY_PEOPLE
from tests.support.factories import new_id
from tests.support.in_process import fill, migrate

STATEMENT = re.compile(r"\b(?:ALTER|CREATE|DROP|GRANT|REINDEX)[^;]*;")
COMMAND = re.compile(r"python manage\.py (\w+)(?: (\w+) (\d{4}_\w+))?(?: --nullify (\w+))?( --fake)?")
SETTING = re.compile(r"Set EHR_ID_TYPE=(\w+)")
TO_PATIENTS = 'FOREIGN KEY ("patientId") REFERENCES patients'
RULES = "ON DELETE RESTRICT ON UPDATE CASCADE"
KEY = f'ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" {TO_PATIENTS}'
DROP_KEY = 'ALTER TABLE bills DROP CONSTRAINT "bills_patientId_fkey"'
BILL = (
    'INSERT INTO bills (id, "billNumber", "patientId", "totalAmount", "updatedAt") VALUES ({id}, {id}, {id}, 1, now())'
)
ORPHAN = f"SET session_replication_role = replica; {BILL}; RESET session_replication_role".format(id=f"'{new_id()}'")


@dataclass(frozen=True, kw_only=True)
class State:
    """What a hint is printed for, and how it is looked at.

    `comes` are findings that the hint leads to: what is left to do, or to see, once the first is gone. `role` says
    what a role lacks that looks, `follow` which statement of a hint that has several ways.
    """

    state: str = "hospital"
    id_type: str = "uuid"
    sql: str = ""
    verify: bool = False
    role: str = ""
    follow: int | None = None
    look: dict[str, Any] = field(default_factory=dict)
    comes: frozenset[str] = frozenset()
    since: int = 15


def precheck(**words):
    return State(**words)


def verify(sql, **words):
    return State(**{"state": "migrated", "verify": True, "sql": sql} | words)


INDEX = 'CREATE INDEX "Odd index" ON bills ("totalAmount")'
INVALID = """UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"Odd index"'::regclass"""
READ_ONLY = """DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
END $$"""
STATES = {
    "references.E001": precheck(sql=BILL.format(id="gen_random_uuid()")),
    "references.E002": precheck(id_type="text", sql=BILL.format(id="'null'")),
    "references.E005": precheck(look={"depth": Depth.ESTIMATE}),
    "references.W003": precheck(),
    "tables.E003": precheck(state="with_patients", sql=f"{KEY} ON DELETE CASCADE"),
    "tables.E003 check": precheck(
        state="with_patients", sql='ALTER TABLE bills ADD CONSTRAINT "bills_patientId_fkey" CHECK (true)'
    ),
    "tables.E004": precheck(state="by_hand", comes=frozenset({"drift.W001"})),
    "tables.E005": precheck(sql="""CREATE TYPE "PatientStatus" AS ENUM ('ODD')"""),
    "tables.E006": precheck(
        state="with_patients",
        sql="ALTER TABLE patients DROP CONSTRAINT patients_pkey CASCADE",
        comes=frozenset({"drift.W003"}),
    ),
    "tables.W001": precheck(state="with_patients", sql=f'ALTER TABLE bills ADD CONSTRAINT "Odd ""key" {TO_PATIENTS}'),
    "tables.W010 drop": precheck(sql=f"{INDEX}; {INVALID}", follow=0),
    "tables.W010 reindex": precheck(sql=f"{INDEX}; {INVALID}", follow=1),
    "types.E001 setting": precheck(id_type="text", look={"setting": "uuid"}),
    "types.E001 column": precheck(
        sql='ALTER TABLE bills ALTER "patientId" TYPE text; ALTER TABLE medical_records ALTER "patientId" TYPE text'
    ),
    "types.E001 parent": precheck(sql="ALTER TABLE users ALTER id TYPE text"),
    "privilege.E002": precheck(role="owner of a part", sql='ALTER TABLE bills OWNER TO "somebody else"'),
    "privilege.E002 superuser": precheck(role="owner of nothing"),
    "privilege.E003": precheck(state="with_patients", role="without REFERENCES"),
    "privilege.E004": precheck(role="without CREATE"),
    "privilege.E005": precheck(state="with_patients", role="behind a policy", comes=frozenset({"privilege.W001"})),
    "target.E011": precheck(sql=READ_ONLY),
    "locks.W003": precheck(role="without statistics", comes=frozenset({"locks.W001"})),
    "schema.E001 pending": verify("", state="hospital"),
    "schema.E013 pending": verify("", state="with_patients"),
    "schema.E019 pending": verify("", state="hospital"),
    "schema.E015 pending": verify("", state="with_keys"),
    "schema.E002": verify("ALTER TABLE patient_contacts SET UNLOGGED"),
    "schema.E010": verify('CREATE INDEX "Odd index" ON patients (status)'),
    "schema.E012": verify("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'patients_phone_idx'::regclass"),
    "schema.E013 dropped": verify(DROP_KEY),
    "schema.E013 with orphans": verify(
        f"{ORPHAN}; {DROP_KEY}", comes=frozenset({"schema.E015"}), look={"with orphans": True}
    ),
    "schema.E014": verify(f"{DROP_KEY}; {KEY} ON DELETE CASCADE"),
    "schema.E015 dropped": verify(f"{DROP_KEY}; {KEY} {RULES} NOT VALID"),
    "schema.E016": verify('ALTER TABLE bills ALTER CONSTRAINT "bills_patientId_fkey" NOT ENFORCED', since=18),
    "schema.E017 child": verify("ALTER TABLE bills DISABLE TRIGGER ALL"),
    "schema.E017 parent": verify("ALTER TABLE users DISABLE TRIGGER ALL"),
    "schema.E018": verify('ALTER TABLE patients ADD CONSTRAINT "Odd ""key" FOREIGN KEY (id) REFERENCES patients'),
    "schema.E023": verify('ALTER TABLE patients ADD CONSTRAINT "Odd" CHECK (true)'),
    "schema.E024": verify(ORPHAN, comes=frozenset({"schema.I001"})),
}


def test_every_finding_has_a_state_or_a_reason():
    files = Path(wording.__file__).parent.glob("*.py")
    ids = {one for file in files for one in re.findall(r"\"([a-z]+\.[EWI]\d{3})\"", file.read_text())}
    ids = {one for one in ids if one.partition(".")[0] not in AREAS_OF_PEOPLE}
    followed = {one.partition(" ")[0] for one in STATES}

    assert ids - followed - set(BY_PEOPLE) == set()
    assert followed & set(BY_PEOPLE) == set()
    assert (followed | set(BY_PEOPLE)) - ids == set()


@pytest.fixture
def role(cluster, new_role):
    """`role(database, what)`: a role that has no rights but those to look, on a database that `what` damages."""

    def make(database, what):
        name = new_role()
        database.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{name}"')
        if what in ("without REFERENCES", "without statistics", "behind a policy"):
            database.execute(f'GRANT CREATE ON SCHEMA public TO "{name}"')
        if what == "behind a policy":
            database.execute("ALTER TABLE patients ENABLE ROW LEVEL SECURITY")
        return database.server.url(database.name, user=name)

    return make


@pytest.mark.parametrize("case", STATES)
def test_a_hint_that_is_followed_makes_the_finding_go_and_no_other_come(make, in_process, new_role, role, case):
    state, id = STATES[case], case.partition(" ")[0]
    database = make(state.state, state.id_type)
    if database.server.version < state.since:
        pytest.skip(f"PostgreSQL {state.since} has it first")
    if "somebody else" in state.sql:
        database.execute(state.sql.replace("somebody else", new_role()))
    elif state.sql:
        database.execute(state.sql)
    connection = in_process(database, url=role(database, state.role) if state.role else None)
    setting = state.look.get("setting", state.id_type)

    with override_settings(MIGRATIONS_SAFETY_ID_TYPE=setting), others_at_work(database, state.role):
        before = findings(state, first=True)
        (one, *_) = [one for one in before if one.id == id]
        follow(one.hint, database, state)
        connection.close()  # what is set for a role or database holds for new sessions
        after = findings(state)
    connection.close()

    same = [each for each in after if (each.id, each.subject) == (one.id, one.subject)]
    assert same == []
    assert {each.id for each in after} - {each.id for each in before} <= state.comes


@contextmanager
def others_at_work(database, role):
    """A session of another role on one of the tables, where that is what the role may not see."""
    if role != "without statistics":
        yield
        return
    with database.session("LOCK TABLE bills IN ROW EXCLUSIVE MODE"):
        yield


def follow(hint, database, state):
    """Run what it says: a setting, statements, commands."""
    if found := SETTING.search(hint):
        settings.MIGRATIONS_SAFETY_ID_TYPE = found[1]
    statements = STATEMENT.findall(hint)
    for one in statements if state.follow is None else [statements[state.follow]]:
        try:
            database.execute(one)
        except psycopg.errors.ForeignKeyViolation:
            assert "the second fails where rows have no parent" in hint
            assert "with orphans" in state.look
    for command, app, name, nullify, fake in COMMAND.findall(hint):
        if command == "backfill_placeholders":
            fill(nullify=(nullify,) if nullify else ())
        elif command == "migrate":
            migrate(*(one for one in (app, name) if one), fake=bool(fake))
        else:
            assert command == "precheck"


def findings(state, *, first=False):
    if state.verify:
        return verification.run(of_registered("patients"), using="default").findings
    depth = {name: value for name, value in state.look.items() if name == "depth" and first}
    return looking.run(using="default", options=PrecheckOptions(**depth)).findings
