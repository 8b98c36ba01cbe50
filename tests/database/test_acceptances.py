"""A migration accepts findings: they are told with their reason, and block nothing."""

import json

import pytest

from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.messages.refusals.acceptance import AcceptanceRefused
from migrations_safety.rendering import serialization, text
from tests.support.in_process import migrate
from tests.support.plain_django import ward_installed

pytestmark = pytest.mark.any_postgresql

BED = """
    migrations.CreateModel("Bed", [
        ("id", models.AutoField(primary_key=True)), ("note", models.TextField(null=True)),
    ])
"""
DROP = "migrations.RemoveField('Bed', 'note')"
ACCEPTS = """AcceptedFinding("data.E010", subject='ward_bed."note"', reason="The notes moved to the ward's book.")"""


@pytest.fixture
def ward(empty, in_process, tmp_path):
    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        ward.starts_with(BED, rows="INSERT INTO ward_bed (note) VALUES ('x')")
        yield ward


def test_an_accepted_finding_does_not_block_and_is_told_with_its_reason(ward):
    ward.migration(DROP, accepts=ACCEPTS)

    report = ward.look(fail_level=Level.WARNING)

    assert "data.E010" not in [one.id for one in report.blocking]
    (told,) = (one for one in serialization.precheck(report, seconds=0)["findings"] if one["id"] == "data.E010")
    assert told["accepted"] == {
        "reason": "The notes moved to the ward's book.",
        "until": None,
        "migration": "ward.0002_step",
    }
    page = text.precheck(report, seconds=0, width=200, colour=False)
    assert "accepted error data.E010" in page
    assert "→ Accepted in ward.0002_step: The notes moved to the ward's book." in page
    json.dumps(serialization.precheck(report, seconds=0))


def test_without_it_the_same_finding_blocks(ward):
    ward.migration(DROP)

    report = ward.look(fail_level=Level.WARNING)

    assert "data.E010" in [one.id for one in report.blocking]


def test_the_gate_of_migrate_accepts_it_too(ward):
    ward.migration(DROP, accepts=ACCEPTS)

    told = migrate("ward")

    assert "and 1 accepted, none blocks." in told
    assert "migrate: applied." in told


def test_an_applied_migration_accepts_nothing_any_more(ward):
    ward.migration(DROP, accepts=ACCEPTS)
    assert ward.apply() is None

    assert [one for one in ward.look().findings if one.id.startswith("plan.")] == []


def test_a_list_of_something_else_is_refused_with_the_name_of_the_migration(ward):
    ward.migration(DROP, accepts="'data.E010'")

    with pytest.raises(AcceptanceRefused, match=r"ward\.0002_step cannot be used"):
        ward.look()
