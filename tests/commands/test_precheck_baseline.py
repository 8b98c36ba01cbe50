import json

import pytest

from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql


def test_a_baseline_is_written_and_then_nothing_of_it_blocks(hospital, tmp_path):
    file = tmp_path / "known.json"

    before = hospital.run("precheck", "--fail-level", "warning")
    written = hospital.run("precheck", "--fail-level", "warning", "--write-baseline", str(file))
    after = hospital.run("precheck", "--fail-level", "warning", "--baseline", str(file), "--format", "json")

    assert (before.code, written.code, after.code) == (1, 0, 0)
    assert {one["id"] for one in json.loads(file.read_text())["findings"]} >= {"references.W003"}
    assert "references.W003" not in {one["id"] for one in after.json["findings"]}
    assert after.json["baseline"]["gone"] == []
    assert f"in the baseline {file} and not told again." in " ".join(written.out.split())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--baseline", "/nowhere/known.json"], "The baseline /nowhere/known.json cannot be used: it cannot be read"),
        (["--write-baseline", "/nowhere/known.json"], "The report cannot be written"),
        (["--since", "no such thing"], "--since no such thing cannot be used: "),
        (["--since", "HEAD", "--write-baseline", "x"], "--write-baseline writes all findings; leave out --since."),
    ],
)
def test_what_cannot_be_used_ends_with_2(hospital, options, said):
    result = hospital.run("precheck", *options)

    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


def test_an_acceptance_that_cannot_be_meant_ends_with_2_and_its_place(empty, tmp_path):
    app = SampleApp(tmp_path)
    app.migration("0001_initial", "", accepts='AcceptedFinding("plan.W999", reason="It does not matter.")')

    result = empty.run("precheck", **app.variables)

    assert (result.code, result.out) == (2, "")
    assert "AcceptedFinding('plan.W999') cannot be used: no finding has this id." in result.err
    assert "0001_initial.py, line" in result.err
    assert "Traceback" not in result.err
