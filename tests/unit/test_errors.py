import errno
import subprocess
import sys

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, OperationalError
from django.db.migrations.exceptions import InconsistentMigrationHistory, IrreversibleError
from django.utils.connection import ConnectionDoesNotExist
from hypothesis import given
from hypothesis import strategies as st

from migrations_safety.messages.errors import explain, frames, is_expected
from migrations_safety.messages.refusals.base import Refusal
from migrations_safety.messages.refusals.tables import KeyMissing
from migrations_safety.messages.refusals.target import WrongDatabase
from migrations_safety.messages.sqlstates import WORDS
from tests.support.commands import ROOT

SECRET = "Key (patientId)=(Achieng Otieno 1984-03-02) is not present"
DRIVER_ERRORS = [psycopg.errors.lookup(state) for state in WORDS]


def wrapped(error, outer=OperationalError):
    """The driver's error as Django raises it."""
    try:
        raise outer(*error.args) from error
    except outer as raised:
        return raised


@pytest.mark.parametrize(
    "error_class", [*DRIVER_ERRORS, psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation]
)
def test_of_a_drivers_error_only_its_kind_is_told(error_class):
    for error in (error_class(SECRET), wrapped(error_class(SECRET), IntegrityError)):
        sentence, hint = explain(error)

        assert sentence.startswith("PostgreSQL refused: ")
        assert f"SQLSTATE {error_class.sqlstate}" in sentence
        assert "Achieng" not in sentence + hint
        assert is_expected(error)


@given(st.text(min_size=4))
def test_no_text_of_an_unexpected_error_is_told(text):
    marked = f"<<{text}>>"
    for error in (ValueError(marked), KeyError(marked), psycopg.DataError(marked), wrapped(psycopg.Error(marked))):
        assert marked not in "".join(explain(error))


def test_a_lock_that_was_not_free_says_to_run_again():
    sentence, hint = explain(wrapped(psycopg.errors.LockNotAvailable("canceling statement")))

    assert sentence == "PostgreSQL refused: the lock timeout passed before a lock was free (SQLSTATE 55P03)"
    assert hint == "Run the same command again; what was done is kept."


def test_a_lost_connection_is_not_described_by_the_drivers_words():
    assert explain(wrapped(psycopg.OperationalError(SECRET)))[0] == "The connection to the server was lost"


def test_a_refusal_is_its_own_sentence_with_its_hint():
    error = WrongDatabase(found="postgres", expected="hospital")

    sentence, hint = explain(error)

    assert sentence == (
        'target.E001: The connected database is "postgres", but "hospital" was expected. Nothing was checked.'
    )
    assert hint == "Check DATABASE_URL or PGDATABASE, or correct --expect-database."
    assert is_expected(error)


def test_every_refusal_has_a_message_of_its_own():
    error = KeyMissing(constraint="bills_patientId_fkey", table="bills")

    assert str(error) == "The foreign key bills_patientId_fkey does not exist on bills, so it cannot be validated."
    assert [one for one in Refusal.__subclasses__() if not {"message", "__init__"} & {*vars(one)}] == []


def test_a_refusal_says_the_same_where_python_strips_docstrings():
    say = "from migrations_safety.messages.refusals import target; print(target.WrongDatabase(found='a', expected='b'))"

    said = [
        subprocess.run([sys.executable, *options, "-c", say], cwd=ROOT, capture_output=True, text=True, check=True)
        for options in ([], ["-OO"])
    ]

    assert said[0].stdout == said[1].stdout
    assert said[1].stdout.startswith('target.E001: The connected database is "a", but "b" was expected')


def test_a_step_without_a_reverse_is_told_without_its_sql():
    assert SECRET not in "".join(explain(IrreversibleError(f"Operation <RunSQL '{SECRET}'> in x is not reversible")))


def test_errors_of_the_settings_and_of_the_system_are_told_as_they_are():
    assert explain(ImproperlyConfigured("DATABASE_URL is empty")) == ("DATABASE_URL is empty", "")
    assert explain(InconsistentMigrationHistory("a before b")) == ("a before b", "")
    assert explain(PermissionError(errno.EACCES, "Permission denied", "/report")) == ("Permission denied: /report", "")
    assert "alias" in explain(ConnectionDoesNotExist("other"))[0]


def test_the_frames_of_an_error_show_the_place_and_not_the_message():
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        shown = frames(error)
        assert not is_expected(error)

    assert "test_errors.py" in shown
    assert shown.endswith("ValueError")
    assert "Key (patientId)" not in shown.replace("raise ValueError(SECRET)", "")
