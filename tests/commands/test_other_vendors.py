"""What is not ours: an alias of another vendor, where migrate is Django's; an environment without psycopg 3."""

import re
import subprocess
import sys

import pytest

from tests.support.commands import ROOT, environment
from tests.support.sample_app import SampleApp

pytestmark = pytest.mark.any_postgresql

TABLE = "migrations.CreateModel('Bed', [('id', models.BigAutoField(primary_key=True))])"
BROKEN = "migrations.RunSQL('INSERT INTO nowhere VALUES (1)')"
LITE = """
from ehr.settings import *
DATABASES["lite"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "lite.sqlite3"}
"""


@pytest.fixture
def ward(tmp_path):
    """The app `ward` with an SQLite beside the hospital: with `migrations_safety`, and in `alone_settings` without."""
    ward = SampleApp(tmp_path)
    lite = LITE.replace("BASE_DIR", f"Path({str(tmp_path)!r})")
    ward.write("ward_settings.py", lite + "INSTALLED_APPS = ['migrations_safety', 'ward']\n")
    ward.write("alone_settings.py", lite + "INSTALLED_APPS = ['ward']\n")
    ward.migration("0001_initial", TABLE)
    return ward


def migrate(database, ward, *arguments):
    return database.run("migrate", "--database", "lite", *arguments, **ward.variables)


def test_it_is_applied_as_django_does(empty, ward):
    done = migrate(empty, ward)

    assert done.code == 0, done.said
    assert "Applying ward.0001_initial... OK" in done.out
    assert done.err == ""


def test_its_errors_are_those_of_django(empty, ward):
    ward.migration("0002_broken", BROKEN, after=("ward", "0001_initial"))

    done = migrate(empty, ward)
    (ward.folder / "lite.sqlite3").unlink()
    alone = empty.run("migrate", "--database", "lite", **ward.variables | {"DJANGO_SETTINGS_MODULE": "alone_settings"})

    assert done.code == alone.code == 1
    assert done.err.splitlines()[-1] == alone.err.splitlines()[-1]
    assert done.err.splitlines()[-1] == "django.db.utils.OperationalError: no such table: nowhere"


def test_its_sentences_are_those_of_django(empty, ward):
    done = migrate(empty, ward, "ward", "0009")

    assert done.code == 1
    assert done.err == "CommandError: Cannot find a migration matching '0009' from app 'ward'.\n"


@pytest.mark.parametrize(
    "wanted",
    [["--format", "json"], ["--output", "report.txt"], ["--census", "report.json"], ["--expect-database", "x"]],
)
def test_what_somebody_relies_on_is_refused_rather_than_left_out(empty, ward, wanted):
    done = migrate(empty, ward, *wanted)

    assert done.code != 0
    assert re.search(rf'{wanted[0]}.*: only for PostgreSQL, but the alias "lite" is not\.', done.err), done.said
    assert not (ward.folder / "lite.sqlite3").exists() or (ward.folder / "lite.sqlite3").stat().st_size == 0


def test_the_other_commands_say_that_they_looked_at_nothing(empty, ward):
    looked = empty.run("precheck", "--database", "lite", **ward.variables)

    assert looked.code == 2
    assert "is not PostgreSQL; nothing was looked at" in looked.err


BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("psycopg", "psycopg_binary", "psycopg_c"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""
RUN = "\n".join(BLOCKED.splitlines()[-2:])


@pytest.mark.parametrize("command", ["check", "migrate", "showmigrations"])
def test_without_psycopg_3_the_app_says_what_it_needs(ward, command):
    """As in an environment that has psycopg2 alone, with which Django itself works."""
    ward.write("plain_settings.py", "INSTALLED_APPS = ['ehr', 'patients', 'migrations_safety']\nSECRET_KEY = 'x'\n")
    variables = {"DJANGO_SETTINGS_MODULE": "plain_settings", "PYTHONPATH": f"{ward.folder}:{ROOT}"}

    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, command],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == (
        "migrations_safety needs psycopg 3 (psycopg2 is another package): pip install 'psycopg[binary]>=3.2'\n"
    )


def test_a_program_can_catch_that_psycopg_3_is_missing(ward):
    ward.write("plain_settings.py", "INSTALLED_APPS = ['migrations_safety']\nSECRET_KEY = 'x'\n")
    caught = (
        "import django, django.core.exceptions as errors\n"
        "try: django.setup()\n"
        "except errors.ImproperlyConfigured as error: print(error)"
    )
    variables = {"DJANGO_SETTINGS_MODULE": "plain_settings", "PYTHONPATH": f"{ward.folder}:{ROOT}"}

    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.replace(RUN, caught)],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("migrations_safety needs psycopg 3")
