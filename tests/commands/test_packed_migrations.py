"""Migrations that do not stand in a file of their own: in a zip, as bytecode alone, made by somebody's loader."""

import compileall
import shutil
import sys
import zipfile
from hashlib import sha256
from types import ModuleType

import pytest
from django.db import migrations

from migrations_safety.plan.planned_migration import planned
from tests.support.sample_app import SampleApp

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

TABLE = "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True))])"
CODE = "migrations.RunPython(lambda apps, editor: None)"


def zipped(ward):
    """The app `ward` in a zip, in place of its folder."""
    file = ward.folder / "ward.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for one in (ward.folder / "ward").rglob("*.py"):
            archive.write(one, one.relative_to(ward.folder))
    shutil.rmtree(ward.folder / "ward")
    return {**ward.variables, "PYTHONPATH": f"{file}:{ward.folder}"}


def bytecode_alone(ward):
    compileall.compile_dir(ward.folder / "ward", legacy=True, quiet=1)
    for one in (ward.folder / "ward").rglob("*.py"):
        one.unlink()
    return ward.variables


@pytest.fixture
def ward(tmp_path):
    ward = SampleApp(tmp_path)
    ward.migration("0001_initial", TABLE)
    ward.migration("0002_code", CODE, after=("ward", "0001_initial"), atomic=False)
    return ward


@pytest.mark.parametrize("pack", [zipped, bytecode_alone])
def test_they_are_looked_at_applied_and_recorded(empty, ward, pack):
    source = (ward.folder / "ward" / "migrations" / "0001_initial.py").read_bytes()
    variables = pack(ward)

    looked = empty.run("precheck", **variables)
    done = empty.run("migrate", **variables)

    assert (looked.code, done.code) == (0, 0), looked.said + done.said

    checksum = empty.value("SELECT details -> 'checksums' ->> 'ward.0001_initial' FROM migrations_safety_run LIMIT 1")
    assert len(checksum) == 64
    assert (checksum == sha256(source).hexdigest()) is (pack is zipped)


def test_a_migration_without_any_file_is_recorded_as_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "made_by_hand", ModuleType("made_by_hand"))
    kinds = [type("Migration", (migrations.Migration,), {"__module__": name}) for name in ("made_by_hand", "nowhere")]

    found = [planned(kind("0001_initial", "ward"), "default").checksum for kind in kinds]

    assert found == ["unknown", "unknown"]
