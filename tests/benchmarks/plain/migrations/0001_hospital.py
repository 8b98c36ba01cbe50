"""The hospital's tables as they are; recorded with --fake, never run."""

from django.db import migrations, models

REFERENCING = {
    "SurgicalCase": "surgical_cases",
    "MedicalRecord": "medical_records",
    "Bill": "bills",
    "Consent": "patient_consent_instances",
    "InsurancePolicy": "insurance_policies",
}
NULLABLE = {"bills", "insurance_policies"}


class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(
            name="User",
            fields=[("id", models.UUIDField(primary_key=True))],
            options={"db_table": "users"},
        ),
        *(
            migrations.CreateModel(
                name=name,
                fields=[
                    ("id", models.UUIDField(primary_key=True)),
                    ("patient", models.UUIDField(db_column="patientId", null=table in NULLABLE)),
                ],
                options={"db_table": table},
            )
            for name, table in REFERENCING.items()
        ),
    ]
