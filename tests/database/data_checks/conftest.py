"""The app `ward` with three beds, whose next migrations a test writes and precheck judges."""

import pytest

from tests.support.plain_django import ward_installed

BED_MODEL = (
    "migrations.CreateModel('Bed', [('id', models.AutoField(primary_key=True)), ('note', models.TextField(null=True))])"
)


@pytest.fixture
def ward(empty, in_process, tmp_path, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "ward_settings")
    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        ward.starts_with(BED_MODEL, rows="INSERT INTO ward_bed (note) VALUES ('x'), (NULL), ('yy')")
        yield ward
