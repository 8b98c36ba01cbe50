"""Commands of other apps under our names: built on where that can work, named by a system check where it cannot."""

import pytest

from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql

SETTINGS = "from ehr.settings import *\nINSTALLED_APPS = {apps}\n"
GUARD = """
    from django.core.management.commands.{name} import Command as Django

    class Command(Django):
        def handle(self, *args, **options):
            self.stdout.write("The guard was here.")
            super().handle(*args, **options)
"""
OWN = """
    from django.core.management.base import BaseCommand
    from django.db.migrations.autodetector import MigrationAutodetector

    class Command(BaseCommand):
        autodetector = MigrationAutodetector  # else Django's own check fails

        def handle(self, *args, **options):
            self.stdout.write("Something else.")
"""
OPTIONS = """
    from django.core.management.commands.migrate import Command as Django

    class Command(Django):
        def add_arguments(self, parser):
            super().add_arguments(parser)
            parser.add_argument("--output")
"""
ON_OURS = """
    from migrations_safety.management.commands.migrate import Command as Ours

    class Command(Ours):
        def handle(self, *args, **options):
            self.stdout.write("The guard was here.")
            super().handle(*args, **options)
"""
AUTODETECTOR = """
    from django.core.management.commands.makemigrations import Command as Django
    from django.db.migrations.autodetector import MigrationAutodetector

    class Own(MigrationAutodetector):
        pass

    class Command(Django):
        autodetector = Own
"""
KEY = """
    class Parent(models.Model):
        pass

    class Child(models.Model):
        parent = models.ForeignKey(Parent, models.DO_NOTHING, db_constraint=False, db_index=False)
        class Meta:
            constraints = [ForeignKeyConstraint(field="parent", name="child_parent_fkey", on_delete="RESTRICT")]
"""
BEFORE, AFTER = ["guard", "migrations_safety", "ward"], ["migrations_safety", "ward", "guard"]


@pytest.fixture
def ward(tmp_path):
    return SampleApp(tmp_path)


def install(ward, apps, **commands):
    """The app `guard` with these commands, among the installed apps in that order."""
    ward.write("ward_settings.py", SETTINGS.format(apps=apps))
    ward.write("guard/__init__.py", "")
    for name, text in commands.items():
        ward.write(f"guard/management/commands/{name}.py", text.replace("{name}", name))


def run(database, ward, *arguments):
    return database.run(*arguments, **ward.variables)


def ids(checked):
    return [word.strip("()") for word in checked.said.split() if word.startswith(("(migrations_safety.", "(commands."))]


def test_ours_is_built_on_the_migrate_of_an_app_that_comes_later(empty, ward):
    install(ward, AFTER, migrate=GUARD)
    ward.migration("0001_initial", "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True))])")

    checked = run(empty, ward, "check")
    done = run(empty, ward, "migrate")

    assert ids(checked) == [], checked.said
    assert done.code == 0, done.said
    assert done.out.startswith("The guard was here.\n")
    assert "Gate: safe" in done.err
    assert empty.value("SELECT count(*) FROM migrations_safety_run") == 2


def test_the_migrate_of_an_app_that_comes_first_is_named(empty, ward):
    install(ward, BEFORE, migrate=GUARD)

    checked = run(empty, ward, "check")

    assert ids(checked) == ["migrations_safety.W004"]
    assert "migrate is that of guard: no gate" in checked.err
    assert "Put migrations_safety before guard in INSTALLED_APPS" in checked.err


@pytest.mark.parametrize("apps", [BEFORE, AFTER])
def test_a_migrate_that_is_built_on_ours_is_welcome_in_any_place(empty, ward, apps):
    install(ward, apps, migrate=ON_OURS)

    checked = run(empty, ward, "check")
    done = run(empty, ward, "migrate", "--format", "json", "--output", "/dev/null")

    assert ids(checked) == [], checked.said
    assert "The guard was here." in done.said


@pytest.mark.parametrize("text", [OWN, OPTIONS], ids=["no subclass", "the same options"])
def test_a_migrate_that_ours_cannot_be_built_on_is_not_replaced_in_silence(empty, ward, text):
    install(ward, AFTER, migrate=text)

    checked = run(empty, ward, "check")
    done = run(empty, ward, "migrate")

    assert ids(checked) == ["migrations_safety.E003"]
    assert "The migrate of guard does not run" in checked.err
    assert done.code == 2, done.said
    assert "The migrate of guard does not run" in done.err
    assert empty.value("SELECT to_regclass('django_migrations') IS NULL")


@pytest.mark.parametrize("apps", [BEFORE, AFTER])
def test_without_keys_makemigrations_is_not_ours(empty, ward, apps):
    install(ward, apps, makemigrations=OWN)

    checked = run(empty, ward, "check")
    made = run(empty, ward, "makemigrations")

    assert "migrations_safety.W005" not in checked.said
    assert made.out == "Something else.\n"


def test_with_keys_makemigrations_is_built_on_that_of_the_next_app(empty, ward):
    install(ward, AFTER, makemigrations=GUARD)
    ward.models(KEY.partition("constraints")[0] + "pass")
    run(empty, ward, "makemigrations", "ward")
    ward.models(KEY)

    checked = run(empty, ward, "check")
    made = run(empty, ward, "makemigrations", "ward")

    assert ids(checked) == [], checked.said
    assert made.out.startswith("The guard was here.\n")
    assert len(ward.migrations) == 3


@pytest.mark.parametrize(("apps", "text"), [(BEFORE, GUARD), (BEFORE, OWN), (AFTER, OWN)])
def test_with_keys_a_makemigrations_that_does_not_know_them_is_named(empty, ward, apps, text):
    install(ward, apps, makemigrations=text)
    ward.models(KEY)

    checked = run(empty, ward, "check", "--tag", "commands")

    assert "migrations_safety.W005" in checked.said
    assert "makemigrations is that of guard" in checked.said


@pytest.mark.parametrize("models", ["", KEY], ids=["without keys", "with keys"])
@pytest.mark.parametrize("apps", [BEFORE, AFTER])
@pytest.mark.parametrize("text", [GUARD, AUTODETECTOR], ids=["Django's", "its own"])
def test_djangos_check_of_the_autodetectors_says_what_it_says_without_us(empty, ward, apps, models, text):
    install(ward, apps, makemigrations=text)
    ward.models(models)
    checked = run(empty, ward, "check", "--tag", "commands")

    install(ward, [one for one in apps if one != "migrations_safety"], makemigrations=text)
    without_us = run(empty, ward, "check", "--tag", "commands")

    assert ("commands.E001" in checked.said) is ("commands.E001" in without_us.said) is (text == AUTODETECTOR)


def test_the_backfill_applies_the_tables_with_our_migrate_whoever_comes_first(hospital, ward):
    install(ward, ["guard", "ehr", "patients", "migrations_safety"], migrate=OWN)

    done = run(hospital, ward, "backfill_placeholders")

    assert done.code == 0, done.said
    assert hospital.value("SELECT to_regclass('patients') IS NOT NULL")


TENANTS = """
from ehr.settings import *

TENANT_APPS = ["ward"]
INSTALLED_APPS = [{apps}, "django.contrib.contenttypes", "clients", *TENANT_APPS]
SHARED_APPS = [name for name in INSTALLED_APPS if name != "ward"]
DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL, TENANT_DOMAIN_MODEL = "clients.Client", "clients.Domain"
"""
CLIENTS = """
    from django.db import models
    from django_tenants.models import DomainMixin, TenantMixin

    class Client(TenantMixin):
        pass

    class Domain(DomainMixin):
        pass
"""
BED = """
    class Bed(models.Model):
        client = models.ForeignKey("clients.Client", models.CASCADE, null=True)
"""
FOR_EACH_SCHEMA = 'TENANT_BASE_MIGRATE_COMMAND = "migrations_safety.management.commands.migrate.Command"\n'


@pytest.fixture
def tenants(empty, ward):
    """Two schemas of django-tenants, known to it and empty; ward's table is pending in each."""
    ward.write("clients/__init__.py", "")
    ward.write("clients/models.py", CLIENTS)
    ward.write("clients/migrations/__init__.py", "")
    ward.models(BED)
    ward.write("ward_settings.py", TENANTS.format(apps='"django_tenants", "migrations_safety"') + FOR_EACH_SCHEMA)
    assert run(empty, ward, "makemigrations", "clients", "ward").code == 0
    assert run(empty, ward, "migrate_schemas", "--shared").code == 0
    for name in ("one", "two"):
        empty.execute(f"CREATE SCHEMA {name}")
        empty.execute("INSERT INTO clients_client (schema_name) VALUES (%s)", name)
    return empty


def test_each_schema_of_django_tenants_goes_through_the_gate(tenants, ward):
    checked = run(tenants, ward, "check", "--tag", "commands")
    done = run(tenants, ward, "migrate")
    again = run(tenants, ward, "migrate")

    assert ids(checked) == [], checked.said
    assert done.code == 0, done.said
    assert done.err.count("Gate: safe") == 3
    assert (again.code, ids(again)) == (0, []), again.said
    for name in ("one", "two"):
        assert tenants.value(f"SELECT to_regclass('{name}.ward_bed') IS NOT NULL")
        assert tenants.value(f"SELECT count(*) FROM {name}.migrations_safety_run") == 2
        key = f"conrelid = '{name}.ward_bed'::regclass AND confrelid = 'public.clients_client'::regclass"
        assert tenants.value(f"SELECT count(*) FROM pg_constraint WHERE {key}") == 1
    assert tenants.value("SELECT to_regclass('public.ward_bed') IS NULL")


def test_before_django_tenants_ours_does_not_do_one_schema_alone(tenants, ward):
    ward.write("ward_settings.py", TENANTS.format(apps='"migrations_safety", "django_tenants"'))

    done = run(tenants, ward, "migrate")

    assert done.code == 2, done.said
    assert "The migrate of django_tenants does not run" in done.err
    assert tenants.value("SELECT to_regclass('one.ward_bed') IS NULL")
