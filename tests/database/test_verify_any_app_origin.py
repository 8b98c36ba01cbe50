"""Where a difference comes from is said: a pending migration, none made yet, an app without migrations, or drift."""

import pytest

from migrations_safety.messages.refusals.base import CouldNotLook
from migrations_safety.messages.wording import schema as wording
from migrations_safety.verification import verification
from migrations_safety.verification.scope import Orphans, of_apps
from tests.support.plain_django import ward_installed

FIELDS = "('id', models.BigAutoField(primary_key=True)), ('name', models.CharField(max_length=9))"
BED = f"migrations.CreateModel('Bed', [{FIELDS}])"
MODELS = """
from django.db import models
class Bed(models.Model):
    name = models.CharField(max_length={length}{more})
    {fields}
"""


@pytest.fixture
def ward(empty, in_process, tmp_path):
    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        yield ward


def models(ward, *, length=9, more="", fields=""):
    """What the models declare now; the app is installed anew with them."""
    from django.apps import apps
    from django.conf import settings
    from django.test import override_settings

    from tests.support.plain_django import forget_modules

    ward.app.write("ward/models.py", MODELS.format(length=length, more=more, fields=fields))
    forget_modules()
    apps.all_models.pop("ward", None)
    return override_settings(INSTALLED_APPS=list(settings.INSTALLED_APPS))


def verify(**how):
    report = verification.run(of_apps(["ward"], **how), using="default")
    return {f"{one.id} {one.subject}": one.hint for one in report.findings}


def test_a_table_of_a_pending_migration_is_pending(ward):
    ward.migration(BED)

    with models(ward):
        assert verify() == {"schema.E001 ward_bed": wording.PENDING}


def test_a_table_that_was_applied_and_is_gone_is_not_pending(ward):
    ward.starts_with(BED)
    ward.database.execute("DROP TABLE ward_bed")

    with models(ward):
        (hint,) = verify().values()

    assert hint.startswith(wording.DROPPED)


def test_a_model_without_a_migration_asks_for_makemigrations(ward):
    ward.migration("")

    with models(ward):
        assert verify() == {"schema.E001 ward_bed": wording.NOT_MADE}


def test_what_a_pending_migration_changes_is_pending_and_what_somebody_changed_is_not(ward):
    ward.starts_with(BED)
    ward.migration("migrations.AlterField('Bed', 'name', models.CharField(max_length=20, db_index=True))")
    ward.database.execute("ALTER TABLE ward_bed ALTER name DROP NOT NULL")

    with models(ward, length=20, more=", db_index=True"):
        found = verify()

    pending = [name for name, hint in found.items() if hint == wording.PENDING_CHANGE]
    assert [name.partition("_name")[0] for name in sorted(pending)] == [
        'schema.E005 ward_bed."name"',
        "schema.E009 ward_bed.ward_bed",
        "schema.E009 ward_bed.ward_bed",
    ]
    assert found['schema.E006 ward_bed."name"'] == "ALTER TABLE ward_bed ALTER COLUMN name SET NOT NULL;"


def test_what_no_migration_changes_yet_asks_for_makemigrations(ward):
    ward.starts_with(BED)

    with models(ward, length=20):
        assert verify() == {'schema.E005 ward_bed."name"': wording.NOT_MADE}


def test_an_app_without_migrations_asks_for_run_syncdb(ward, settings):
    settings.MIGRATION_MODULES = {"ward": None}

    with models(ward):
        assert verify() == {"schema.E001 ward_bed": wording.WITHOUT_MIGRATIONS}


def test_a_serial_column_of_older_django_works_as_well(ward):
    ward.starts_with(BED)
    ward.database.execute("ALTER TABLE ward_bed DROP id; ALTER TABLE ward_bed ADD id bigserial PRIMARY KEY")

    with models(ward):
        report = verification.run(of_apps(["ward"]), using="default")

    assert report.verdict == "verified"
    assert [one.id for one in report.findings] == ["schema.I002"]


def test_orphans_are_counted_for_keys_that_the_database_does_not_hold_for_all_only_if_asked(ward):
    ward.starts_with(
        f"{BED}, migrations.AddField('Bed', 'next', models.ForeignKey('ward.Bed', models.CASCADE, null=True))"
    )
    ward.database.execute(
        "SET session_replication_role = replica; INSERT INTO ward_bed (name, next_id) VALUES ('a', 77)"
    )
    ward.database.execute("RESET session_replication_role")
    key = ward.database.value(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'ward_bed'::regclass"
    )

    with models(ward, fields="next = models.ForeignKey('Bed', models.CASCADE, null=True)"):
        assert verify() == {}
        assert set(verify(orphans=Orphans.OF_ALL_KEYS)) == {'schema.E024 ward_bed."next_id"'}
        ward.database.execute(f'ALTER TABLE ward_bed DROP CONSTRAINT "{key}"')
        assert set(verify()) == {'schema.E013 ward_bed."next_id"', 'schema.E024 ward_bed."next_id"'}
        assert set(verify(orphans=Orphans.OF_NONE)) == {'schema.E013 ward_bed."next_id"'}


def test_an_app_that_is_not_installed_is_refused(ward):
    with pytest.raises(CouldNotLook, match='No installed app has the label "nothing"'):
        verification.run(of_apps(["nothing"]), using="default")


def test_an_app_without_tables_is_refused(ward):
    with pytest.raises(CouldNotLook, match='No table of the app "migrations_safety" belongs to'):
        verification.run(of_apps(["migrations_safety"]), using="default")


class RoomsElsewhere:
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return False if model_name == "room" else None


def test_a_key_to_a_table_that_routers_keep_out_is_neither_missing_nor_extra(ward, settings):
    room = "migrations.CreateModel('Room', [('id', models.BigAutoField(primary_key=True))])"
    key = "migrations.AddField('Bed', 'room', models.ForeignKey('ward.Room', models.CASCADE))"
    ward.starts_with(f"{room}, {BED}, {key}")
    settings.DATABASE_ROUTERS = [RoomsElsewhere()]

    with models(ward, fields="room = models.ForeignKey('Room', models.CASCADE)\nclass Room(models.Model):\n    pass"):
        report = verification.run(of_apps(["ward"]), using="default")

    assert (report.verdict, report.findings) == ("verified", ())
    assert [one.name for one in report.not_compared] == ['ward_bed."room_id"']
    assert report.expected["tables"] == 1
