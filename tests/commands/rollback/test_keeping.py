"""A rollback that keeps the tables instead of dropping them."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import PatientFactory, new_id
from tests.support.patient_rollback import ROLL_BACK
from tests.support.row_snapshot import row_snapshot

pytestmark = pytest.mark.slow


def hospital_of(catalog):
    """The catalog without the enum that is kept in another schema."""
    return {part: them for part, them in catalog.items() if part != "enums"}


def test_patients_are_kept_instead_of_lost_and_come_back_with_the_module(deployed, before):
    id = new_id()
    PatientFactory.create(on=deployed, id=id)
    patients = deployed.rows("SELECT p::text FROM patients p ORDER BY id")

    looked = deployed.run(*ROLL_BACK, "--keep-dropped", "--dry-run", "--no-measure")
    untouched = deployed.value("SELECT count(*) FROM patients")
    done = deployed.run(*ROLL_BACK, "--keep-dropped", "--format", "json")
    catalog, rows = catalog_snapshot(deployed), row_snapshot(deployed, bookkeeping=False)
    again = deployed.run("migrate", "patients")
    restored = deployed.run("restore_dropped")

    assert (looked.code, untouched) == (0, len(patients)), looked.said
    assert "rollback_patient_module --keep-dropped" in " ".join(looked.out.split())
    assert done.code == 0, done.said
    assert (done.json["verdict"], done.json["losses"]) == ("rolled back", [])
    kept = {one["table"]: one["place"] for one in done.json["kept"] if one["kind"] == "table"}
    assert len(kept) == 6
    assert kept["patients"].startswith("migrations_safety_kept.")
    assert done.json["restored"] == {"insurance_policies": 2}
    assert hospital_of(catalog) == hospital_of(before[0])
    assert {name: them for name, them in rows.items() if "migrations_safety_kept" not in name} == before[1]
    assert (again.code, restored.code) == (0, 0), again.said + restored.said
    assert deployed.rows("SELECT p::text FROM patients p ORDER BY id") == patients


def test_what_is_kept_is_told_to_people_with_the_next_commands(deployed, tmp_path):
    PatientFactory.create(on=deployed, id=new_id())
    page = tmp_path / "rollback.md"

    done = deployed.run(*ROLL_BACK, "--keep-dropped", "--report", f"markdown={page}")

    said = " ".join(done.out.split())
    assert done.code == 0, done.said
    assert "Keeps 6 tables" in said
    assert "python manage.py restore_dropped 1 2 3" in said
    assert "python manage.py purge_dropped 1 2 3" in said
    assert "What was kept" in page.read_text()


def test_what_is_kept_is_not_counted_as_lost(deployed):
    both = deployed.run(*ROLL_BACK, "--keep-dropped", "--discard-patients", "3")

    assert both.code == 1, both.said
    assert "has the number 3, but 0 would be lost" in " ".join(both.out.split())
    assert deployed.value("SELECT to_regclass('patients') IS NOT NULL")


def test_a_view_on_a_table_that_is_to_be_kept_is_in_the_way(deployed):
    deployed.execute("CREATE VIEW names AS SELECT id FROM patients")

    done = deployed.run(*ROLL_BACK, "--keep-dropped", "--format", "json")

    assert (done.code, done.json["verdict"]) == (1, "refused"), done.said
    assert [one["id"] for one in done.json["findings"] if one["level"] == "error"] == ["recovery.E050"]
