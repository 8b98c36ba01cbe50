"""Migrations of our own making, applied on the ladder in this process, and other sessions that are in their way."""

import threading
import time

import psycopg
from django.db import migrations, models
from django.db.migrations.state import ProjectState

from migrations_safety.migrate.executor import SafeExecutor

HELD = 0.6
"""Seconds that others hold what is wanted: longer than all rungs of the ladder together."""
LONG = 1.5
"""Seconds, where it is measured that nobody waits that long behind us."""

TABLE = migrations.CreateModel(
    "Thing",
    [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField(null=True))],
    {"db_table": "things"},
)


def migration(*operations, atomic=True):
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations), "atomic": atomic})
    return kind("0001_things", "ehr")


def apply(ladder, one):
    executor = type("Executor", (SafeExecutor,), {"ladder": ladder})(ladder.connection)
    state = ProjectState()
    TABLE.state_forwards("ehr", state)
    return executor.apply_migration(state, one)


def is_recorded(database):
    return database.value("SELECT count(*) FROM django_migrations WHERE name = '0001_things'") == 1


class Holding:
    """Another session that has run the statements, for so many seconds, or until it is left."""

    def __init__(self, database, *statements, seconds=HELD):
        self.database, self.statements, self.seconds = database, statements, seconds
        self.has_begun, self.stop = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)

    def hold(self):
        with self.database.session(*self.statements):
            self.has_begun.set()
            self.stop.wait(self.seconds)

    def __enter__(self):
        self.thread.start()
        self.has_begun.wait()
        return self

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join()


def python(work, **options):
    return migrations.RunPython(lambda apps, editor: work(editor.connection), **options)


def by_cursor(sql):
    def work(connection):
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return python(work)


def past_the_cursors(sql):
    return python(lambda connection: connection.connection.execute(sql))


def write(database, seconds, waits):
    again_and_again(database, "INSERT INTO things (name) VALUES ('a')", seconds, waits)


def read_lamps(database, seconds, waits):
    again_and_again(database, "SELECT count(*) FROM lamps", seconds, waits)


def again_and_again(database, statement, seconds, waits):
    """Run a statement of the application for so long, and keep how long each time took."""
    end = time.monotonic() + seconds
    with psycopg.connect(database.url, autocommit=True) as session:
        while time.monotonic() < end:
            started = time.monotonic()
            session.execute(statement)
            waits.append(time.monotonic() - started)
            time.sleep(0.005)
