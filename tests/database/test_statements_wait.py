"""Rows are waited for as long as it takes, by statements and by the transactions of code, and a refusal is final."""

import threading
import uuid
from contextlib import suppress

import pytest
from django.db import OperationalError, connection, migrations, models, transaction

from migrations_safety.messages.progress import Progress
from migrations_safety.messages.refusals.locks import LocksNotFree
from tests.support.on_ladder import ROW_8, Holding, apply, is_recorded, migration, python


def thing_model():
    from django.apps.registry import Apps

    class Thing(models.Model):
        id = models.BigAutoField(primary_key=True)
        name = models.TextField(null=True)
        n = models.IntegerField(default=0)

        class Meta:
            app_label = "ward"
            apps = Apps()
            db_table = "things"

    return Thing


def in_batches(thing):
    for first in (1, 4, 7):
        with transaction.atomic():
            thing.objects.filter(id__gte=first, id__lt=first + 3).update(n=models.F("n") + 1)


def bulk_update(thing):
    found = list(thing.objects.all())
    for one in found:
        one.n += 1
    thing.objects.bulk_update(found, ["n"])


def update_or_create(thing):
    for one in range(1, 11):
        thing.objects.update_or_create(id=one, defaults={"n": 1})


def delete(thing):
    thing.objects.filter(id__gte=8).delete()


def rows_one_by_one(thing):
    for one in thing.objects.all().iterator(chunk_size=2):
        one.n += 1
        one.save()


def without_autocommit(thing):
    transaction.set_autocommit(False)
    try:
        thing.objects.update(n=1)
        transaction.commit()
    finally:
        transaction.set_autocommit(True)


def executed_many(thing):
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE things SET n = n + 1 WHERE id = %s", [(number,) for number in range(1, 11)])


@pytest.mark.parametrize(
    "work", [in_batches, bulk_update, update_or_create, delete, rows_one_by_one, without_autocommit, executed_many]
)
def test_the_codes_own_transactions_wait_for_a_row_and_are_done_once(ladder, things, work):
    one = migration(python(lambda connection: work(thing_model())), atomic=False)

    with Holding(things, ROW_8):
        apply(ladder, one)

    assert is_recorded(things)
    assert things.value("SELECT max(n) FROM things") == (0 if work is delete else 1)


def test_a_row_that_is_never_free_ends_the_codes_transaction_with_its_holder_named(ladder, things):
    ladder.retry_for = 0.5
    one = migration(python(lambda connection: in_batches(thing_model())), atomic=False)

    with (
        Holding(things, "SET application_name = 'clerk'", ROW_8, seconds=None),
        pytest.raises(LocksNotFree) as refused,
    ):
        apply(ladder, one)

    assert "(clerk, idle in transaction" in str(refused.value)
    assert str(refused.value).endswith("It was rolled back. Earlier steps of this non-atomic migration are kept.")
    assert things.rows("SELECT n, count(*) FROM things GROUP BY n ORDER BY n") == [(0, 4), (1, 6)]


def test_a_long_wait_for_a_row_says_for_whom(ladder, things):
    with Holding(things, "SET application_name = 'clerk'", ROW_8, seconds=None) as holding:
        ladder.watchdog.progress, ladder.watchdog.silence = Told(then=holding.stop.set), 0.2
        apply(ladder, migration(migrations.RunSQL("UPDATE things SET n = n + 1")))

    (told,) = ladder.watchdog.progress.sentences
    assert told.startswith("ehr.0001_things waits for pid ")
    assert "(clerk, idle in transaction, " in told


class Told(Progress):
    """Keeps what is said; a second after the first it does something about it: it was time to say it again."""

    def __init__(self, *, then):
        self.sentences, self.later = [], threading.Timer(1, then)

    def say(self, sentence):
        self.sentences.append(sentence)
        if len(self.sentences) == 1:
            self.later.start()


def test_a_nowait_of_the_code_is_told_to_the_code(ladder, things):
    def work(connection):
        try:
            with transaction.atomic():
                list(thing_model().objects.select_for_update(nowait=True).filter(id=8))
        except OperationalError:
            told.append("taken")

    told = []
    with Holding(things, ROW_8, seconds=None):
        apply(ladder, migration(python(work), atomic=False))

    assert told == ["taken"]


def test_a_row_that_is_waited_for_leaves_no_statement_in_the_servers_log(ladder, things):
    secret = f"Achieng {uuid.uuid4()}"

    def work(connection):
        for one in thing_model().objects.all():
            one.name = secret
            one.save()

    with Holding(things, ROW_8):
        apply(ladder, migration(python(work)))

    assert things.value("SELECT count(*) FROM things WHERE name = %s", secret) == 10
    assert secret not in things.server.log.read_text(errors="replace")


def catching(thing):
    """As careless code does it: whatever happens to a row, it goes on with the next."""
    for one in range(7, 10):
        with suppress(Exception), transaction.atomic():
            thing.objects.filter(id=one).update(n=1)


def catching_alone(thing):
    for one in range(7, 10):
        with suppress(Exception):
            thing.objects.filter(id=one).update(n=1)


@pytest.mark.parametrize("work", [catching, catching_alone])
def test_a_refusal_that_the_code_catches_stops_the_migration_all_the_same(ladder, things, work):
    ladder.retry_for = 0.4
    one = migration(python(lambda connection: work(thing_model())), atomic=False)

    with Holding(things, ROW_8, seconds=None), pytest.raises(LocksNotFree):
        apply(ladder, one)

    assert not is_recorded(things)
    assert things.rows("SELECT id FROM things WHERE n = 1") == [(7,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # what comes after the migration is not refused


def test_the_limit_of_the_role_does_not_end_the_codes_own_transactions(ladder, things):
    things.execute(f"ALTER ROLE postgres IN DATABASE {things.name} SET lock_timeout = '100ms'")
    connection.close()
    one = migration(python(lambda connection: in_batches(thing_model())), atomic=False)

    with Holding(things, ROW_8):
        apply(ladder, one)

    assert things.value("SELECT max(n) FROM things") == 1
