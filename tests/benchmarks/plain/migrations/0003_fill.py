"""A patient for each distinct reference, in one statement, as the written review has it (option B)."""

from django.db import migrations

from tests.benchmarks.fill import FILL


class Migration(migrations.Migration):
    dependencies = [("plain", "0002_patients")]
    operations = [migrations.RunSQL(FILL)]
