"""Validates the five foreign keys, each in its own transaction, after counting rows without a parent again."""

from django.db import migrations

from migrations_safety.operations import ValidateForeignKey


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("ehr", "0002_patient_keys_not_valid"),
    ]

    operations = [
        ValidateForeignKey("bill", "bills_patientId_fkey"),
        ValidateForeignKey("insurancepolicy", "insurance_policies_patientId_fkey"),
        ValidateForeignKey("medicalrecord", "medical_records_patientId_fkey"),
        ValidateForeignKey("patientconsentinstance", "patient_consent_instances_patientId_fkey"),
        ValidateForeignKey("surgicalcase", "surgical_cases_patientId_fkey"),
    ]
