"""A deploy with placeholders is rehearsed, and a rehearsal begins from a standby."""

from tests.support.factories import new_id, refer


def test_the_deploy_with_placeholders_is_rehearsed(hospital, tmp_path):
    report = tmp_path / "rehearsal.json"
    refer(hospital, "bills", new_id(), new_id())

    result = hospital.run("rehearse", "--backfill", "--writers", "0", "--format", "json", "--output", str(report))

    assert result.code == 0, result.said
    assert hospital.run("backfill_placeholders").code == 0
    assert hospital.run("migrate", "--rehearsed", str(report)).code == 0


def test_a_standby_is_rehearsed_too(hospital, standby_of):
    standby = standby_of(hospital)

    result = standby.run("rehearse", "--writers", "0", "--format", "json")

    assert result.code == 0, result.said
    assert result.json["copy"]["place"] == "embedded"
