"""The script of docs/how-to/many-hospitals.md, over five schemas of one server, one of them with refused values."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cluster import schema
from tests.support.commands import ROOT, environment
from tests.support.factories import new_id, refer

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql, pytest.mark.timeout(400)]

PAGE = (ROOT / "docs" / "how-to" / "many-hospitals.md").read_text()
(SCRIPT,) = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HOSPITALS = ["canary", "north", "east", "south", "west"]
NIL = "00000000-0000-0000-0000-000000000000"
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = %s AND tablename IN ('patients', 'migrations_safety_run')"
KEYS = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = %s::regnamespace"


@pytest.fixture
def hospitals(empty, tmp_path):
    for name in HOSPITALS:
        empty.execute(f"CREATE SCHEMA {name}; SET search_path = {name}")
        empty.execute(schema("legacy", "uuid").replace('"public"', f'"{name}"'))
        refer(empty, "bills", new_id(), new_id())
    empty.execute("SET search_path = east")
    refer(empty, "bills", NIL)
    empty.execute("RESET search_path")
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    (tmp_path / "deploy-hospitals.sh").write_text(SCRIPT)
    return empty


def deploy(database, folder):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    variables = environment(HOSPITALS_URL=database.url, PATH=path, PYTHONPATH=str(ROOT))
    command = ["sh", "deploy-hospitals.sh", *HOSPITALS]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=380)


def report(folder, hospital, name):
    return json.loads((folder / "reports" / hospital / f"{name}.json").read_text())


def test_the_refused_one_is_reported_and_after_its_repair_the_script_ends_the_deploy(hospitals, tmp_path):
    done = deploy(hospitals, tmp_path)

    assert done.returncode == 1, done.stderr
    assert [line[3:] for line in done.stdout.splitlines() if line.startswith("== ")] == ["canary", "north", "east"]
    assert {name: report(tmp_path, name, "verify")["verdict"] for name in ("canary", "north")} == {
        "canary": "verified", "north": "verified",
    }  # fmt: skip
    assert report(tmp_path, "east", "dry-run")["refused"] == {"uuid_nil": 1}
    assert NIL not in (tmp_path / "reports" / "east" / "dry-run.json").read_text()
    assert [hospitals.value(TABLES, name) for name in HOSPITALS] == [2, 2, 0, 0, 0]
    assert [hospitals.value(KEYS, name) for name in HOSPITALS] == [15, 15, 0, 0, 0]
    assert others_named(tmp_path, "canary") == others_named(tmp_path, "north") == []

    hospitals.execute(f"""DELETE FROM east.bills WHERE "patientId" = '{NIL}'""")
    again = deploy(hospitals, tmp_path)

    assert again.returncode == 0, again.stderr
    assert {report(tmp_path, name, "verify")["verdict"] for name in HOSPITALS} == {"verified"}


def others_named(folder, hospital):
    """Which other hospitals its report of `precheck` names."""
    text = (folder / "reports" / hospital / "precheck.json").read_text()
    return [other for other in HOSPITALS if other != hospital and other in text]
