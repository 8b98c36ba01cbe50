"""Creates the hospital's existing tables on an empty database; where they exist already, they are adopted."""

import migrations_safety.constraints
import migrations_safety.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    # What has to be there for the tables to be adopted; hospitals differ in everything else.
    adopts = {
        "users": ["id"],
        "surgical_cases": ["id", "patientId"],
        "medical_records": ["id", "patientId"],
        "bills": ["id", "patientId"],
        "patient_consent_instances": ["id", "patientId"],
        "insurance_policies": ["id", "patientId"],
    }

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Bill",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    migrations_safety.fields.TimestampField(
                        db_column="createdAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("updated_at", migrations_safety.fields.TimestampField(auto_now=True, db_column="updatedAt")),
                ("bill_number", models.CharField(db_column="billNumber", max_length=50)),
                ("patient", migrations_safety.fields.IdField(db_column="patientId", null=True)),
                ("status", models.CharField(db_default="DRAFT", max_length=50)),
                ("subtotal", models.DecimalField(db_default=0, decimal_places=2, max_digits=12)),
                (
                    "discount_amount",
                    models.DecimalField(db_column="discountAmount", db_default=0, decimal_places=2, max_digits=12),
                ),
                (
                    "tax_amount",
                    models.DecimalField(db_column="taxAmount", db_default=0, decimal_places=2, max_digits=12),
                ),
                ("total_amount", models.DecimalField(db_column="totalAmount", decimal_places=2, max_digits=12)),
                ("currency", models.CharField(db_default="KES", max_length=3)),
                ("issued_at", migrations_safety.fields.TimestampField(db_column="issuedAt", null=True)),
                ("due_date", models.DateField(db_column="dueDate", null=True)),
                ("version", models.IntegerField(db_default=1)),
            ],
            options={
                "db_table": "bills",
                "indexes": [
                    migrations_safety.constraints.UniqueIndex(fields=["bill_number"], name="bills_billNumber_key"),
                    migrations_safety.constraints.NamedIndex(fields=["patient"], name="bills_patientId_idx"),
                    migrations_safety.constraints.NamedIndex(fields=["status"], name="bills_status_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="InsurancePolicy",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    migrations_safety.fields.TimestampField(
                        db_column="createdAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("updated_at", migrations_safety.fields.TimestampField(auto_now=True, db_column="updatedAt")),
                ("patient", migrations_safety.fields.IdField(db_column="patientId", null=True)),
                ("payer_name", models.CharField(db_column="payerName", max_length=200)),
                ("policy_number", models.CharField(db_column="policyNumber", max_length=100)),
                ("group_number", models.CharField(db_column="groupNumber", max_length=100, null=True)),
                ("is_primary", models.BooleanField(db_column="isPrimary", db_default=True)),
                ("status", models.CharField(db_default="ACTIVE", max_length=50)),
                ("effective_date", models.DateField(db_column="effectiveDate")),
                ("expiration_date", models.DateField(db_column="expirationDate", null=True)),
                ("version", models.IntegerField(db_default=1)),
            ],
            options={
                "db_table": "insurance_policies",
                "indexes": [
                    migrations_safety.constraints.NamedIndex(
                        fields=["policy_number"], name="insurance_policies_policyNumber_idx"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MedicalRecord",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    migrations_safety.fields.TimestampField(
                        db_column="createdAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("updated_at", migrations_safety.fields.TimestampField(auto_now=True, db_column="updatedAt")),
                ("record_number", models.CharField(db_column="recordNumber", max_length=50)),
                ("patient", migrations_safety.fields.IdField(db_column="patientId")),
                ("date_of_birth", models.DateField(db_column="dateOfBirth", null=True)),
                ("gender", models.CharField(max_length=20, null=True)),
                ("blood_type", models.CharField(db_column="bloodType", max_length=10, null=True)),
                ("status", models.CharField(db_default="ACTIVE", max_length=50)),
                ("merged_into", migrations_safety.fields.IdField(db_column="mergedInto", null=True)),
                ("version", models.IntegerField(db_default=1)),
            ],
            options={
                "db_table": "medical_records",
                "indexes": [
                    migrations_safety.constraints.UniqueIndex(
                        fields=["record_number"], name="medical_records_recordNumber_key"
                    ),
                    migrations_safety.constraints.NamedIndex(fields=["patient"], name="medical_records_patientId_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientConsentInstance",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    migrations_safety.fields.TimestampField(
                        db_column="createdAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("updated_at", migrations_safety.fields.TimestampField(auto_now=True, db_column="updatedAt")),
                ("instance_number", models.CharField(db_column="instanceNumber", max_length=50)),
                ("template_id", migrations_safety.fields.IdField(db_column="templateId")),
                ("template_version", models.CharField(db_column="templateVersion", max_length=50)),
                ("patient", migrations_safety.fields.IdField(db_column="patientId")),
                ("status", models.CharField(db_default="DRAFT", max_length=50)),
                ("signed_at", migrations_safety.fields.TimestampField(db_column="signedAt", null=True)),
                ("revoked_at", migrations_safety.fields.TimestampField(db_column="revokedAt", null=True)),
                ("expires_at", migrations_safety.fields.TimestampField(db_column="expiresAt", null=True)),
                ("language", models.CharField(db_default="en", max_length=10)),
                ("version", models.IntegerField(db_default=1)),
            ],
            options={
                "db_table": "patient_consent_instances",
                "indexes": [
                    migrations_safety.constraints.UniqueIndex(
                        fields=["instance_number"], name="patient_consent_instances_instanceNumber_key"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["patient"], name="patient_consent_instances_patientId_idx"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurgicalCase",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    migrations_safety.fields.TimestampField(
                        db_column="createdAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("updated_at", migrations_safety.fields.TimestampField(auto_now=True, db_column="updatedAt")),
                ("case_number", models.CharField(db_column="caseNumber", max_length=50)),
                ("patient", migrations_safety.fields.IdField(db_column="patientId")),
                ("procedure_name", models.CharField(db_column="procedureName", max_length=500)),
                ("procedure_code", models.CharField(db_column="procedureCode", max_length=50, null=True)),
                ("priority", models.IntegerField(db_default=5)),
                ("status", models.CharField(max_length=50)),
                ("scheduled_start_at", migrations_safety.fields.TimestampField(db_column="scheduledStartAt")),
                ("scheduled_end_at", migrations_safety.fields.TimestampField(db_column="scheduledEndAt")),
                ("primary_surgeon_id", migrations_safety.fields.IdField(db_column="primarySurgeonId", null=True)),
                ("notes", models.TextField(null=True)),
                ("version", models.IntegerField(db_default=1)),
            ],
            options={
                "db_table": "surgical_cases",
                "indexes": [
                    migrations_safety.constraints.UniqueIndex(
                        fields=["case_number"], name="surgical_cases_caseNumber_key"
                    ),
                    migrations_safety.constraints.NamedIndex(fields=["patient"], name="surgical_cases_patientId_idx"),
                    migrations_safety.constraints.NamedIndex(fields=["status"], name="surgical_cases_status_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                (
                    "created_at",
                    migrations_safety.fields.TimestampField(
                        db_column="createdAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("updated_at", migrations_safety.fields.TimestampField(auto_now=True, db_column="updatedAt")),
                ("email", models.CharField(max_length=255)),
                ("first_name", models.CharField(db_column="firstName", max_length=100)),
                ("last_name", models.CharField(db_column="lastName", max_length=100)),
                ("is_active", models.BooleanField(db_column="isActive", db_default=True)),
            ],
            options={
                "db_table": "users",
                "indexes": [migrations_safety.constraints.UniqueIndex(fields=["email"], name="users_email_key")],
            },
        ),
    ]
