"""A rehearsal forecasts the real run as a range, and the next one on that database learns from the error."""

import json

import pytest

from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.slow

SLOWER_IN_TRUTH = "SELECT pg_sleep(CASE WHEN current_database() LIKE 'confidential_copy_%%' THEN 0.4 ELSE 2.4 END)"
"""A statement that takes six times as long on the database as on a copy, and long beside what a busy machine adds."""


@pytest.fixture
def deployed(empty, tmp_path):
    """`deployed("0001")` rehearses this migration and applies it; returns the rehearsal's JSON and the recorded run."""
    ward = SampleApp(tmp_path)
    ward.models("class Bed(models.Model):\n    id = models.BigAutoField(primary_key=True)\n")
    bed = 'migrations.CreateModel("Bed", [("id", models.BigAutoField(primary_key=True))])'

    def deploy(name, after=None):
        ward.migration(name, f'{"" if after else bed + ", "}migrations.RunSQL("{SLOWER_IN_TRUTH}", "")', after=after)
        file = tmp_path / f"{name}.json"
        rehearsed = empty.run("rehearse", "ward", "--writers", "0", "--report", f"json={file}", **ward.variables)
        assert rehearsed.code == 0, rehearsed.said
        done = empty.run("migrate", "ward", "--rehearsed", str(file), **ward.variables)
        assert done.code == 0, done.said
        facts = empty.run("audit_runs", "--format", "json").json["runs"][-1]["counts"]["forecast"]
        assert facts["migrate"]["took"] > facts[f"ward.{name}"]["took"], "the whole command"
        return rehearsed, json.loads(file.read_text()), facts[f"ward.{name}"]

    return empty, deploy


def test_the_record_has_forecast_and_fact_and_the_next_forecast_has_moved_by_the_error(deployed):
    database, deploy = deployed

    _, first, error = deploy("0001")
    said, second, fact = deploy("0002", after=("ward", "0001"))

    assert first["forecast_from"] | {"growth": 1} == {"deploys": 0, "factor": 1, "least": 1, "most": 1, "growth": 1}
    assert error["took"] > error["most"], "six times as long was not expected"
    factor = error["took"] / error["measured"]
    assert second["forecast_from"]["deploys"] == 1
    assert second["forecast_from"]["factor"] == pytest.approx(factor)
    after = {one["step"]: one for one in second["forecast"]}
    moved = after["ward.0002"]["measured"] * 2 * factor
    assert after["ward.0002"]["most"] - 0.25 == pytest.approx(moved, rel=0.01)
    assert after["ward.0002"]["least"] <= fact["took"] <= after["ward.0002"]["most"]
    assert f"1 earlier deploy took {factor:.2g} times as long as on such a copy" in said.out
    written = {kind: database.run("audit_runs", "--format", kind).out for kind in ("text", "markdown", "html")}
    for kind, words in written.items():
        for migration, that in (("ward.0001", "longer"), ("ward.0002", "as expected")):
            assert any(migration in one and that in one for one in lines(kind, words)), (kind, migration)
    assert "forecast: 1 of 2 steps within the range" in written["text"]


def lines(kind, words):
    return words.split("</tr>") if kind == "html" else words.splitlines()
