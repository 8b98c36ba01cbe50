"""The new tables with their ten keys: six to users, four to patients."""

from django.db import migrations, models
from django.db.models.functions import Now

BY_USERS = ("createdBy", "updatedBy", "restrictedBy", "deceasedBy", "archivedBy", "mergedBy")
OF_PATIENTS = ("patient_contacts", "patient_documents", "patient_allergies", "patient_risk_flags")


class Migration(migrations.Migration):
    dependencies = [("plain", "0001_hospital")]
    operations = [
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", models.UUIDField(primary_key=True)),
                ("mrn", models.CharField(max_length=60)),
                ("first_name", models.CharField(max_length=100, db_column="firstName", db_index=True)),
                ("last_name", models.CharField(max_length=100, db_column="lastName", db_index=True)),
                ("date_of_birth", models.DateField(db_column="dateOfBirth", db_index=True)),
                ("identity_status", models.CharField(max_length=20, db_column="identityStatus", db_index=True)),
                ("created_at", models.DateTimeField(db_column="createdAt", db_default=Now(), db_index=True)),
                *(
                    (
                        name.lower(),
                        models.ForeignKey("plain.User", models.SET_NULL, db_column=name, null=True, related_name="+"),
                    )
                    for name in BY_USERS
                ),
            ],
            options={"db_table": "patients"},
        ),
        *(
            migrations.CreateModel(
                name=table.title().replace("_", ""),
                fields=[
                    ("id", models.UUIDField(primary_key=True)),
                    ("patient", models.ForeignKey("plain.Patient", models.CASCADE, db_column="patientId")),
                ],
                options={"db_table": table},
            )
            for table in OF_PATIENTS
        ),
    ]
