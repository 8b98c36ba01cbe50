from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from ehr.databases import from_environment

SPECIAL = "h*@/%#+ '\"?&=:\\é"
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def test_no_variable_names_no_database():
    assert from_environment({}) == {}
    assert from_environment({"PGHOST": "db", "PGUSER": "ehr", "DATABASE_URL": "", "PGDATABASE": ""}) == {}


def test_a_url_becomes_the_settings_of_the_default_database():
    settings = from_environment({"DATABASE_URL": "postgres://ehr:secret@db.example:6432/hospital?sslmode=require"})

    assert settings["default"] == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "hospital",
        "USER": "ehr",
        "PASSWORD": "secret",
        "HOST": "db.example",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "require"},
    }


@given(user=WORDS, password=WORDS, name=WORDS)
def test_any_character_works_in_a_percent_encoded_url(user, password, name):
    quoted = [quote(word, safe="") for word in (user, password, name)]

    default = from_environment({"DATABASE_URL": "postgresql://{}:{}@db:5432/{}".format(*quoted)})["default"]

    assert (default["USER"], default["PASSWORD"], default["NAME"]) == (user, password, name)


def test_a_plus_stays_a_plus():
    default = from_environment({"DATABASE_URL": "postgresql://a+b:c+d@db/e+f"})["default"]

    assert (default["USER"], default["PASSWORD"], default["NAME"]) == ("a+b", "c+d", "e+f")


def test_the_pg_variables_are_taken_as_they_are_and_left_to_libpq():
    settings = from_environment({"PGDATABASE": SPECIAL, "PGUSER": SPECIAL, "PGPASSWORD": SPECIAL, "PGHOST": "db"})

    assert settings == {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": SPECIAL}}


def test_the_url_goes_before_the_pg_variables():
    settings = from_environment({"PGDATABASE": "other", "DATABASE_URL": "postgresql://db/hospital"})

    assert settings["default"]["NAME"] == "hospital"


def test_a_service_names_a_database_too():
    settings = from_environment({"PGSERVICE": "hospital"})

    assert settings["default"]["OPTIONS"] == {"service": "hospital"}


def test_a_further_url_is_a_further_alias():
    urls = {"DATABASE_URL": "postgresql://db/hospital", "DATABASE_URL_REPLICA": "postgresql://standby/hospital"}

    settings = from_environment(urls)

    assert {alias: one["HOST"] for alias, one in settings.items()} == {"default": "db", "replica": "standby"}


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://ehr:hunter2@db/hospital", "must start with postgresql://"),
        ("sqlite:///hunter2", "must start with postgresql://"),
        ("hunter2", "must start with postgresql://"),
        ("postgresql://ehr:hunter2@db", "names no database"),
        ("postgresql://ehr:hunter2@db/", "names no database"),
        ("postgresql://ehr:hunter2%zz@db/hospital", "percent-encode the special characters"),
        ("postgresql://db/hospital?hunter2=1", "percent-encode the special characters"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url, problem):
    with pytest.raises(ImproperlyConfigured) as refusal:
        from_environment({"DATABASE_URL": url})

    assert problem in str(refusal.value)
    assert "DATABASE_URL" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
