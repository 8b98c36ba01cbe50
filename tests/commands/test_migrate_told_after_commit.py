"""A migration is called OK when nothing can fail any more: after its COMMIT, and once."""

import pytest

from tests.support.on_ladder import Holding
from tests.support.sample_app import SampleApp


@pytest.fixture
def ward(tmp_path, hospital):
    """Records that belong to samples; the second migration makes a record of a sample that may not be there."""
    app = SampleApp(tmp_path)
    key = "models.ForeignKey('ward.Sample', models.CASCADE)"
    app.migration(
        "0001_initial",
        "migrations.CreateModel('Sample', [('id', models.BigAutoField(primary_key=True))]),"
        f"migrations.CreateModel('Record', [('id', models.BigAutoField(primary_key=True)), ('sample', {key})])",
    )
    app.migration(
        "0002_copy",
        "migrations.RunPython(copy, remove)",
        after=("ward", "0001_initial"),
        before="""
        def copy(apps, editor):
            apps.get_model("ward", "Record").objects.create(sample_id=1)

        def remove(apps, editor):
            apps.get_model("ward", "Record").objects.create(sample_id=2)
        """,
    )
    assert hospital.run("migrate", "ward", "0001", **app.variables).code == 0
    return app


def test_no_ok_where_the_commit_fails(hospital, ward):
    result = hospital.run("migrate", "ward", **ward.variables)

    assert result.code == 2
    assert "Applying ward.0002_copy..." in result.out
    assert "OK" not in result.out
    assert hospital.value("SELECT count(*) FROM django_migrations WHERE name = '0002_copy'") == 0


def test_no_ok_where_the_commit_of_the_way_back_fails(hospital, ward):
    hospital.execute("INSERT INTO ward_sample (id) VALUES (1)")
    assert hospital.run("migrate", "ward", **ward.variables).code == 0

    result = hospital.run("migrate", "ward", "0001", **ward.variables)

    assert result.code == 2
    assert "Unapplying ward.0002_copy..." in result.out
    assert "OK" not in result.out


def test_one_ok_where_the_commit_has_to_wait(hospital, ward):
    """The key's check at COMMIT waits for the sample that a clerk is about to delete."""
    hospital.execute("INSERT INTO ward_sample (id) VALUES (1)")
    with Holding(hospital, "DELETE FROM ward_sample WHERE id = 1"):
        result = hospital.run("migrate", "ward", **ward.variables)

    assert result.code == 0, result.said
    assert result.out.count("Applying ward.0002_copy...") == 1
    assert result.out.count(" OK") == 1
