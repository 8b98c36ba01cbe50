"""Other people's execute_wrappers, which put a comment beside each statement, meet text as Django's own is."""

from io import StringIO

import pytest
from django.core.management import call_command
from psycopg import sql

from migrations_safety.census.scan_strategy import ScanOptions
from migrations_safety.precheck import precheck
from migrations_safety.precheck.options import PrecheckOptions
from migrations_safety.precheck.report import Depth
from migrations_safety.sql.composition import send
from migrations_safety.verification import verification
from migrations_safety.verification.scope import of_registered
from tests.support.factories import PatientFactory, new_id, refer


@pytest.fixture
def tagged(in_process, hospital_text):
    """The connection, with a tagger; in the end only text has met it."""
    connection = in_process(hospital_text)
    met = []

    def tag(execute, query, params, many, context):
        met.append(type(query))
        return execute(f"/* route: it's ours */ {query} /* {{here}} */", params, many, context)

    with connection.execute_wrapper(tag):
        yield connection
    assert set(met) == {str}


def run(*arguments, **options):
    call_command(*arguments, stdout=StringIO(), stderr=StringIO(), no_progress=True, **options)


def test_the_whole_story_with_a_tagger(tagged, hospital_text):
    for table in ("bills", "surgical_cases", "insurance_policies"):
        refer(hospital_text, table, *[new_id() for _ in range(3)])
    run("migrate", "patients")
    PatientFactory.create(on=hospital_text, id=new_id().upper())
    precheck.run(using="default", options=PrecheckOptions(depth=Depth.ESTIMATE))
    precheck.run(using="default", options=PrecheckOptions(is_marked=True, show_ids=5, scan=ScanOptions(jobs=2)))

    run("backfill_placeholders")
    run("migrate")

    assert verification.run(of_registered("patients"), using="default").verdict == "verified"
    run("audit_runs")


def test_nullify_and_back_with_a_tagger(tagged, hospital_text):
    refer(hospital_text, "bills", new_id())
    run("migrate", "patients")

    run("backfill_placeholders", nullify=["bills"])
    assert hospital_text.value('SELECT "patientId" IS NULL FROM bills')
    run("backfill_placeholders", restore_nullified=True)

    assert hospital_text.value('SELECT "patientId" IS NOT NULL FROM bills')


@pytest.mark.parametrize("value", ["it's", "back\\slash", "100%", "ä€", "{brace}"])
def test_a_value_arrives_as_it_is(in_process, empty, value):
    connection = in_process(empty)

    with connection.cursor() as cursor:
        send(cursor, sql.SQL("SELECT {}").format(sql.Literal(value)))
        assert cursor.fetchone() == (value,)
        cursor.execute("SET standard_conforming_strings = off")
        send(cursor, sql.SQL("SELECT {}").format(sql.Literal(value)))
        assert cursor.fetchone() == (value,)
