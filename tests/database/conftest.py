"""Fixtures of the tests that apply migrations of their own making."""

from contextlib import closing
from functools import partial

import psycopg
import pytest
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.locking.lock_ladder import LockLadder
from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.executor import on_the_ladder
from migrations_safety.postgresql.embedded_server import NoServerBinaries, Server
from tests.support import failing_migration
from tests.support.cluster import NUMBERS, SETTINGS, Database, new_folder
from tests.support.in_process import installed, migrate
from tests.support.measured_app import BEFORE
from tests.support.sample_app import SampleApp


@pytest.fixture
def ladder(in_process, empty):
    """A ladder with its watchdog, on a database with a table of things."""
    empty.execute("CREATE TABLE things (id bigserial PRIMARY KEY, name text)")
    connection = in_process(empty)
    MigrationExecutor(connection).recorder.ensure_schema()
    with Watchdog(connection, max_stall=0.2) as watchdog:
        ladder = LockLadder(connection, watchdog=watchdog, retry_for=20, progress=Progress())
        with on_the_ladder(connection, ladder):
            yield ladder


@pytest.fixture
def things(ladder, empty):
    """Ten things and a table of lamps."""
    empty.execute("ALTER TABLE things ADD COLUMN n int NOT NULL DEFAULT 0; CREATE TABLE lamps (id int)")
    empty.execute("INSERT INTO things (name) SELECT 'new' FROM generate_series(1, 10)")
    return empty


@pytest.fixture
def measured(tmp_path, monkeypatch, empty, in_process):
    """The app `ward` with its first migration applied, the database, and Django's connection to it."""
    app = SampleApp(tmp_path)
    app.migration("0001_initial", BEFORE)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "ward_settings")
    connection = in_process(empty)
    with installed(app):
        migrate("ward")
        yield app, empty, connection


@pytest.fixture(scope="session", params=[15, 17])
def server_with_statements(request):
    """A server that has pg_stat_statements loaded."""
    loaded = {"shared_preload_libraries": "pg_stat_statements"}
    try:
        server = Server.create(version=request.param, folder=new_folder(), settings=SETTINGS | loaded)
    except NoServerBinaries:
        pytest.skip(f"PostgreSQL {request.param} is not installed")
    yield server
    server.remove()


@pytest.fixture
def create(server_with_statements):
    """`create()`: a fresh database on that server."""
    made = []
    with closing(psycopg.connect(server_with_statements.url(), autocommit=True)) as administration:

        def create():
            made.append(Database(server_with_statements, f"release_{next(NUMBERS)}"))
            administration.execute(f"CREATE DATABASE {made[-1].name}")
            return made[-1]

        yield create
        for database in made:
            database.close()
            administration.execute(f"DROP DATABASE {database.name} WITH (FORCE)")


@pytest.fixture
def told(empty, in_process, tmp_path):
    """`told(operations)`: what `migrate ward` says of a second migration that fails over a table with rows."""
    in_process(empty)
    ward = SampleApp(tmp_path)
    failing_migration.begin(ward, empty)
    return partial(failing_migration.told, ward)
