"""Migrations of our own making, applied on the ladder in this process, and sessions that have what they want."""

import threading

import psycopg
from django.db import migrations, models
from django.db.migrations.state import ProjectState

from migrations_safety.migrate.executor import SafeExecutor
from tests.support.blocking_session import is_waited_for

HELD = 0.3
"""Seconds that others hold what is waited for: longer than all rungs of the ladder together."""

ROW_8 = "SELECT FROM things WHERE id = 8 FOR UPDATE"

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
    """Another session that has run the statements, for seconds after somebody waits for it; None: until it is left."""

    def __init__(self, database, *statements, seconds=HELD):
        self.database, self.statements, self.seconds = database, statements, seconds
        self.has_begun, self.stop = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)

    def hold(self):
        with self.database.session(*self.statements) as holder:
            self.has_begun.set()
            if self.seconds is not None:
                self.wait_until_it_is_waited_for(holder)
            self.stop.wait(self.seconds)

    def wait_until_it_is_waited_for(self, holder):
        with psycopg.connect(self.database.url, autocommit=True) as session:
            while not is_waited_for(holder, seen_by=session) and not self.stop.wait(0.01):
                pass

    def __enter__(self):
        self.thread.start()
        while not self.has_begun.wait(0.1):
            assert self.thread.is_alive(), "its statements failed"
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
