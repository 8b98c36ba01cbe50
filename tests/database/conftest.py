"""Fixtures of the tests that apply migrations of their own making."""

import pytest
from django.db.migrations.executor import MigrationExecutor

from migrations_safety.locking.lock_ladder import Ladder
from migrations_safety.locking.watchdog import Watchdog
from migrations_safety.messages.progress import Progress
from migrations_safety.migrate.executor import on_the_ladder


@pytest.fixture
def ladder(in_process, empty):
    """A ladder with its watchdog, on a database with a table of things."""
    empty.execute("CREATE TABLE things (id bigserial PRIMARY KEY, name text)")
    connection = in_process(empty)
    MigrationExecutor(connection).recorder.ensure_schema()
    with Watchdog(connection, max_stall=0.2) as watchdog:
        ladder = Ladder(connection, watchdog=watchdog, retry_for=20, progress=Progress())
        with on_the_ladder(connection, ladder):
            yield ladder


@pytest.fixture
def things(ladder, empty):
    """Ten things and a table of lamps."""
    empty.execute("ALTER TABLE things ADD COLUMN n int NOT NULL DEFAULT 0; CREATE TABLE lamps (id int)")
    empty.execute("INSERT INTO things (name) SELECT 'new' FROM generate_series(1, 10)")
    return empty
