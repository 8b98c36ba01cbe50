"""A deploy with placeholders is rehearsed, and a rehearsal begins from a standby."""

from tests.support.factories import new_id, refer


def test_the_deploy_with_placeholders_is_rehearsed(hospital):
    refer(hospital, "bills", new_id(), new_id())

    result = hospital.run("rehearse", "--backfill", "--writers", "0")

    assert result.code == 0, result.said


def test_a_standby_is_rehearsed_too(hospital, standby_of):
    standby = standby_of(hospital)

    result = standby.run("rehearse", "--writers", "0", "--format", "json")

    assert result.code == 0, result.said
    assert result.json["copy"]["place"] == "embedded"
