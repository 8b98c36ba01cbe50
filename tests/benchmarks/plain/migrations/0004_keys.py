"""The five keys from the existing tables, as `makemigrations` writes them when a field becomes a ForeignKey."""

from importlib import import_module

from django.db import migrations, models

hospital = import_module("tests.benchmarks.plain.migrations.0001_hospital")


class Migration(migrations.Migration):
    dependencies = [("plain", "0003_fill")]
    operations = [
        migrations.AlterField(
            name,
            "patient",
            models.ForeignKey(
                "plain.Patient",
                models.PROTECT,
                db_column="patientId",
                db_index=False,  # the hospital's own indexes are there
                null=table in hospital.NULLABLE,
            ),
        )
        for name, table in hospital.REFERENCING.items()
    ]
