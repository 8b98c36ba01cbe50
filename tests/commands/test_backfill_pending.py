"""Tables that other migrations are still to make or rename are looked for as they are now."""

from dataclasses import dataclass

import pytest

from migrations_safety.backfill import backfill
from migrations_safety.messages.refusals.backfill import TablesRefused
from migrations_safety.precheck import precheck
from migrations_safety.precheck.report import PrecheckReport
from tests.support.factories import refer
from tests.support.sample_app import SampleApp

ORPHAN = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001"
ID = "('id', models.BigAutoField(primary_key=True))"
OPEN = "models.ForeignKey('patients.Patient', models.DO_NOTHING, null=True, db_constraint=False)"
KEY = OPEN.replace(", db_constraint=False", "")


def test_a_backfill_fills_what_is_there_under_the_name_of_now(make, tmp_path):
    database, ward = make("with_patients"), SampleApp(tmp_path)
    ward.migration("0001_initial", f"migrations.CreateModel('Result', [{ID}, ('patient', {OPEN})])")
    ward.migration(
        "0002_more",
        "migrations.RenameModel('Result', 'Finding'), migrations.RenameField('Finding', 'patient', 'person'), "
        f"migrations.AlterField('Finding', 'person', {KEY}), "
        f"migrations.CreateModel('Visit', [{ID}, ('patient', {KEY})])",
        after=("ward", "0001_initial"),
    )
    ward.models(f"""
        class Finding(models.Model):
            person = {KEY}

        class Visit(models.Model):
            patient = {KEY}
    """)
    assert database.run("migrate", "ward", "0001", **ward.variables).code == 0
    database.execute("INSERT INTO ward_result (patient_id) VALUES (%s)", ORPHAN)

    blocked = database.run("precheck", "ward", **ward.variables)
    filled = database.run("backfill_placeholders", "--format", "json", **ward.variables)
    done = database.run("migrate", "ward", **ward.variables)

    assert blocked.code == 1
    assert 'ward_result."patient_id"' in blocked.out
    assert (filled.code, filled.json["created"]) == (0, 1), filled.said
    assert done.code == 0, done.said
    assert str(database.value("SELECT person_id FROM ward_finding")) == ORPHAN


@dataclass
class Refused:
    """How a `migrate` went that its gate refused."""

    gate: PrecheckReport
    is_refused: bool = True


def test_where_the_gate_of_migrate_refuses_the_tables_the_backfill_stops_with_its_findings(hospital, in_process):
    refer(hospital, "bills", ORPHAN)
    in_process(hospital)
    gate = precheck.run(using="default")

    with pytest.raises(TablesRefused, match=r"references\.E001") as refused:
        backfill.run(using="default", migrate=lambda migration, *, using, progress: Refused(gate))

    assert "patients.0001_initial" in str(refused.value)
    assert hospital.value("SELECT to_regclass('patients') IS NULL")
