from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings


@pytest.mark.parametrize("id_type", ["uuid", "text"])
def test_models_and_migrations_say_the_same(id_type):
    out = StringIO()

    with override_settings(MIGRATIONS_SAFETY_ID_TYPE=id_type):
        call_command("makemigrations", check_changes=True, dry_run=True, stdout=out)

    assert out.getvalue() == "No changes detected\n"
