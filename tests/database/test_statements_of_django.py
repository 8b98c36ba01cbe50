"""The statements that Django itself sends, as pg_stat_statements has them, can all be parsed again."""

import datetime
from contextlib import closing

import psycopg
import pytest
from django.db.models import Avg, Case, Count, Exists, F, OuterRef, Q, Value, When, Window
from django.db.models.functions import ExtractYear, Greatest, Now, Power, RowNumber, TruncMonth

from ehr.models import Bill, User
from migrations_safety.measurement.application import ApplicationWatcher
from migrations_safety.measurement.statement_texts import as_asked, without_values
from migrations_safety.postgresql.application_statements import read_statements
from patients.models import Patient
from tests.support.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.any_postgresql

ID, OTHER = ("7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38000" + digit for digit in "12")
THEN, LATER = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2020, 2021))
EVERY = Patient.objects
QUERIES = [
    lambda: list(EVERY.all()[5:10]),
    lambda: list(EVERY.filter(pk__in=[ID, OTHER])),
    lambda: EVERY.filter(mrn="Ann").first(),
    lambda: EVERY.filter(mrn__icontains="a%").exists(),
    lambda: EVERY.filter(Q(mrn="A") | ~Q(city__regex="^B"), created_at__range=(THEN, LATER)).distinct()[:10].count(),
    lambda: EVERY.aggregate(number=Count("*"), mean=Avg(Value(1.5)), some=Count("id", filter=Q(mrn="A"))),
    lambda: list(
        EVERY.annotate(year=ExtractYear("created_at"), month=TruncMonth("created_at"))
        .values("year", "month")
        .annotate(number=Count("id"))
        .order_by("-number")
    ),
    lambda: list(EVERY.annotate(rank=Case(When(mrn="A", then=Value(1)), When(mrn__in=["B"], then=2), default=3))),
    lambda: list(EVERY.filter(created_at__gte=Now() - datetime.timedelta(days=3))),
    lambda: list(EVERY.filter(created_at__date=datetime.date(2020, 1, 1), created_at__month=2)),
    lambda: list(EVERY.annotate(sum=Value(1) + Value(2), most=Greatest(Value(1), Value(2)), two=Power(2, Value(3)))),
    lambda: list(
        EVERY.annotate(place=Window(RowNumber(), partition_by="city", order_by="created_at")).filter(place__lte=3)
    ),
    lambda: list(EVERY.filter(Exists(Bill.objects.filter(patient=OuterRef("pk"), subtotal__gt=F("tax_amount") * 2)))),
    lambda: list(EVERY.iterator(chunk_size=2)),
    lambda: list(EVERY.order_by("?")[:1]),
    lambda: list(EVERY.filter(mrn="A").union(EVERY.filter(mrn="B")).order_by("mrn")),
    lambda: list(EVERY.dates("created_at", "month")),
    lambda: list(EVERY.datetimes("created_at", "day")),
    lambda: EVERY.values("created_at").annotate(age=F("created_at") - Value(THEN)).first(),
    lambda: EVERY.filter(mrn="A").update(version=F("version") + 1, city="B"),
    lambda: EVERY.filter(mrn="A").delete(),
    lambda: User.objects.bulk_create([User(pk=ID), User(pk=OTHER)], ignore_conflicts=True),
    lambda: User.objects.bulk_update(
        [User(pk=ID, email="a", first_name="c"), User(pk=OTHER, email="b", first_name="d")], ["email", "first_name"]
    ),
    lambda: list(EVERY.raw("SELECT * FROM patients WHERE mrn = %s", ["Ann"])),
]


@pytest.mark.parametrize("columns", ["all", "one is gone"])
def test_every_statement_is_parsed_and_what_reads_a_column_breaks_without_it(create, in_process, columns):
    database = create()
    assert database.run("migrate", "--no-measure").code == 0
    database.execute("CREATE EXTENSION pg_stat_statements")
    connection = in_process(database)
    for factory in (UserFactory, PatientFactory):
        factory.create(on=database)
    database.execute("SELECT pg_stat_statements_reset()")
    for query in QUERIES:
        query()
    found = without_values(read_statements(connection))

    with closing(psycopg.connect(database.url, autocommit=True)) as session:
        watcher = ApplicationWatcher(session, as_asked(found))
        watcher.before()
        assert [(one.breaks_with, one.statement) for one in watcher.found] == []
        session.execute("ALTER TABLE patients DROP COLUMN email" if columns != "all" else "ANALYZE")
        watcher.after("patients.0002_next")

    reads = {one.text for one in found.statements if '"patients"."email"' in one.text}
    assert len(reads) > 8
    assert {one.statement for one in watcher.found} == (reads if columns != "all" else set())
