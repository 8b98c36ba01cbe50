"""Creates the patient module: its enum type, six tables with 24 indexes, and the ten foreign keys of the new tables."""

import django.db.models.deletion
import migrations_safety.constraints
import migrations_safety.fields
import migrations_safety.operations
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ehr", "0001_initial"),
    ]

    operations = [
        migrations_safety.operations.CreateEnum("PatientStatus", ["ACTIVE", "INACTIVE", "DECEASED", "ARCHIVED"]),
        migrations.CreateModel(
            name="Patient",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                ("mrn", models.CharField(max_length=60)),
                ("first_name", models.CharField(db_column="firstName", max_length=100)),
                ("middle_name", models.CharField(db_column="middleName", max_length=100, null=True)),
                ("last_name", models.CharField(db_column="lastName", max_length=100)),
                ("date_of_birth", models.DateField(db_column="dateOfBirth")),
                ("date_of_birth_estimated", models.BooleanField(db_column="dateOfBirthEstimated", db_default=False)),
                ("gender", models.CharField(max_length=20, null=True)),
                ("national_id", models.CharField(db_column="nationalId", max_length=50, null=True)),
                ("email", models.CharField(max_length=255, null=True)),
                ("phone", models.CharField(max_length=50, null=True)),
                ("phone_secondary", models.CharField(db_column="phoneSecondary", max_length=50, null=True)),
                ("address_line_1", models.CharField(db_column="addressLine1", max_length=200, null=True)),
                ("address_line_2", models.CharField(db_column="addressLine2", max_length=200, null=True)),
                ("city", models.CharField(max_length=100, null=True)),
                ("state", models.CharField(max_length=100, null=True)),
                ("postal_code", models.CharField(db_column="postalCode", max_length=20, null=True)),
                ("country", models.CharField(max_length=100, null=True)),
                ("preferred_language", models.CharField(db_column="preferredLanguage", max_length=20, null=True)),
                ("interpreter_required", models.BooleanField(db_column="interpreterRequired", db_default=False)),
                (
                    "identity_status",
                    models.CharField(
                        choices=[
                            ("IDENTIFIED", "Identified"),
                            ("UNIDENTIFIED", "Unidentified"),
                            ("PLACEHOLDER", "Placeholder"),
                        ],
                        db_column="identityStatus",
                        db_default="IDENTIFIED",
                        max_length=20,
                    ),
                ),
                (
                    "allergy_status",
                    models.CharField(
                        choices=[
                            ("UNKNOWN", "Unknown"),
                            ("HAS_ALLERGIES", "Has Allergies"),
                            ("NO_KNOWN_ALLERGIES", "No Known Allergies"),
                        ],
                        db_column="allergyStatus",
                        db_default="UNKNOWN",
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    migrations_safety.fields.EnumField(
                        choices=[
                            ("ACTIVE", "Active"),
                            ("INACTIVE", "Inactive"),
                            ("DECEASED", "Deceased"),
                            ("ARCHIVED", "Archived"),
                        ],
                        db_default="ACTIVE",
                        enum_name="PatientStatus",
                    ),
                ),
                ("restricted", models.BooleanField(db_default=False)),
                ("restricted_reason", models.TextField(db_column="restrictedReason", null=True)),
                ("restricted_at", migrations_safety.fields.TimestampField(db_column="restrictedAt", null=True)),
                ("date_of_death", models.DateField(db_column="dateOfDeath", null=True)),
                ("deceased_at", migrations_safety.fields.TimestampField(db_column="deceasedAt", null=True)),
                ("archived_at", migrations_safety.fields.TimestampField(db_column="archivedAt", null=True)),
                ("archived_reason", models.TextField(db_column="archivedReason", null=True)),
                ("merged_into", migrations_safety.fields.IdField(db_column="mergedInto", null=True)),
                ("merged_at", migrations_safety.fields.TimestampField(db_column="mergedAt", null=True)),
                ("backfill_run_id", migrations_safety.fields.IdField(db_column="backfillRunId", null=True)),
                ("version", models.IntegerField(db_default=1)),
                (
                    "created_at",
                    migrations_safety.fields.TimestampField(
                        db_column="createdAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("updated_at", migrations_safety.fields.TimestampField(auto_now=True, db_column="updatedAt")),
                (
                    "archived_by",
                    models.ForeignKey(
                        db_column="archivedBy",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ehr.user",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_column="createdBy",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ehr.user",
                    ),
                ),
                (
                    "deceased_by",
                    models.ForeignKey(
                        db_column="deceasedBy",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ehr.user",
                    ),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
                        db_column="mergedBy",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ehr.user",
                    ),
                ),
                (
                    "restricted_by",
                    models.ForeignKey(
                        db_column="restrictedBy",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ehr.user",
                    ),
                ),
                (
                    "updated_by",
                    models.ForeignKey(
                        db_column="updatedBy",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ehr.user",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("identity_status__in", ["IDENTIFIED", "UNIDENTIFIED", "PLACEHOLDER"])),
                        name="patients_identityStatus_check",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("allergy_status", "NO_KNOWN_ALLERGIES"), ("identity_status", "PLACEHOLDER"), _negated=True
                        ),
                        name="patients_allergyStatus_check",
                    ),
                ],
                "db_table": "patients",
                "indexes": [
                    migrations_safety.constraints.UniqueIndex(fields=["mrn"], name="patients_mrn_key"),
                    migrations_safety.constraints.NamedIndex(
                        fields=["last_name", "first_name"], name="patients_lastName_firstName_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["date_of_birth", "last_name"], name="patients_dateOfBirth_lastName_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(fields=["national_id"], name="patients_nationalId_idx"),
                    migrations_safety.constraints.NamedIndex(fields=["phone"], name="patients_phone_idx"),
                    migrations_safety.constraints.NamedIndex(
                        fields=["status", "updated_at"], name="patients_status_updatedAt_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["identity_status", "created_at"], name="patients_identityStatus_createdAt_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(fields=["merged_into"], name="patients_mergedInto_idx"),
                    migrations_safety.constraints.NamedIndex(fields=["created_by"], name="patients_createdBy_idx"),
                    migrations_safety.constraints.NamedIndex(fields=["updated_by"], name="patients_updatedBy_idx"),
                    migrations_safety.constraints.NamedIndex(
                        fields=["restricted_by"], name="patients_restrictedBy_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(fields=["deceased_by"], name="patients_deceasedBy_idx"),
                    migrations_safety.constraints.NamedIndex(fields=["archived_by"], name="patients_archivedBy_idx"),
                    migrations_safety.constraints.NamedIndex(fields=["merged_by"], name="patients_mergedBy_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientAllergy",
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
                ("substance", models.CharField(max_length=200)),
                ("substance_code", models.CharField(db_column="substanceCode", max_length=50, null=True)),
                ("category", models.CharField(max_length=20)),
                ("clinical_status", models.CharField(db_column="clinicalStatus", db_default="ACTIVE", max_length=20)),
                (
                    "verification_status",
                    models.CharField(db_column="verificationStatus", db_default="UNCONFIRMED", max_length=20),
                ),
                ("criticality", models.CharField(db_default="UNABLE_TO_ASSESS", max_length=20)),
                ("reaction", models.TextField(null=True)),
                ("severity", models.CharField(max_length=20, null=True)),
                ("onset_date", models.DateField(db_column="onsetDate", null=True)),
                ("recorded_by", migrations_safety.fields.IdField(db_column="recordedBy", null=True)),
                ("notes", models.TextField(null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "db_table": "patient_allergies",
                "indexes": [
                    migrations_safety.constraints.NamedIndex(
                        fields=["patient", "clinical_status"], name="patient_allergies_patientId_clinicalStatus_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["substance_code"], name="patient_allergies_substanceCode_idx"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientContact",
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
                ("first_name", models.CharField(db_column="firstName", max_length=100)),
                ("last_name", models.CharField(db_column="lastName", max_length=100)),
                ("relationship", models.CharField(max_length=50)),
                ("phone", models.CharField(max_length=50, null=True)),
                ("email", models.CharField(max_length=255, null=True)),
                ("address", models.CharField(max_length=500, null=True)),
                ("is_next_of_kin", models.BooleanField(db_column="isNextOfKin", db_default=False)),
                ("is_emergency_contact", models.BooleanField(db_column="isEmergencyContact", db_default=False)),
                ("is_legal_guardian", models.BooleanField(db_column="isLegalGuardian", db_default=False)),
                ("priority", models.IntegerField(db_default=1)),
                ("version", models.IntegerField(db_default=1)),
                (
                    "patient",
                    models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "db_table": "patient_contacts",
                "indexes": [
                    migrations_safety.constraints.NamedIndex(
                        fields=["patient", "priority"], name="patient_contacts_patientId_priority_idx"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientDocument",
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
                ("document_type", models.CharField(db_column="documentType", max_length=50)),
                ("title", models.CharField(max_length=200)),
                ("document_number", models.CharField(db_column="documentNumber", max_length=100, null=True)),
                ("expires_at", models.DateField(db_column="expiresAt", null=True)),
                ("storage_key", models.CharField(db_column="storageKey", max_length=255)),
                ("file_name", models.CharField(db_column="fileName", max_length=255)),
                ("mime_type", models.CharField(db_column="mimeType", max_length=100)),
                ("size_bytes", models.BigIntegerField(db_column="sizeBytes")),
                ("sha256", models.CharField(max_length=64)),
                ("status", models.CharField(db_default="CURRENT", max_length=20)),
                ("uploaded_by", migrations_safety.fields.IdField(db_column="uploadedBy", null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "db_table": "patient_documents",
                "indexes": [
                    migrations_safety.constraints.UniqueIndex(
                        fields=["storage_key"], name="patient_documents_storageKey_key"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["patient", "document_type"], name="patient_documents_patientId_documentType_idx"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientMergeHistory",
            fields=[
                (
                    "id",
                    migrations_safety.fields.IdField(
                        default=migrations_safety.fields.new_id, primary_key=True, serialize=False
                    ),
                ),
                ("source_patient_id", migrations_safety.fields.IdField(db_column="sourcePatientId")),
                ("target_patient_id", migrations_safety.fields.IdField(db_column="targetPatientId")),
                ("reason", models.TextField()),
                ("source_snapshot", models.JSONField(db_column="sourceSnapshot")),
                ("target_snapshot", models.JSONField(db_column="targetSnapshot")),
                ("moved_records", models.JSONField(db_column="movedRecords")),
                (
                    "merged_at",
                    migrations_safety.fields.TimestampField(
                        db_column="mergedAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("merged_by", migrations_safety.fields.IdField(db_column="mergedBy")),
                ("reversed_at", migrations_safety.fields.TimestampField(db_column="reversedAt", null=True)),
                ("reversed_by", migrations_safety.fields.IdField(db_column="reversedBy", null=True)),
                ("reversal_reason", models.TextField(db_column="reversalReason", null=True)),
                ("version", models.IntegerField(db_default=1)),
            ],
            options={
                "db_table": "patient_merge_history",
                "indexes": [
                    migrations_safety.constraints.NamedIndex(
                        fields=["source_patient_id"], name="patient_merge_history_sourcePatientId_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["target_patient_id"], name="patient_merge_history_targetPatientId_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["merged_at"], name="patient_merge_history_mergedAt_idx"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientRiskFlag",
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
                ("category", models.CharField(max_length=30)),
                ("code", models.CharField(max_length=50)),
                ("description", models.TextField(null=True)),
                ("severity", models.CharField(db_default="MEDIUM", max_length=20)),
                ("status", models.CharField(db_default="ACTIVE", max_length=20)),
                (
                    "starts_at",
                    migrations_safety.fields.TimestampField(
                        db_column="startsAt", db_default=migrations_safety.fields.CurrentTimestamp()
                    ),
                ),
                ("ends_at", migrations_safety.fields.TimestampField(db_column="endsAt", null=True)),
                ("raised_by", migrations_safety.fields.IdField(db_column="raisedBy", null=True)),
                ("resolved_by", migrations_safety.fields.IdField(db_column="resolvedBy", null=True)),
                ("resolution_note", models.TextField(db_column="resolutionNote", null=True)),
                (
                    "patient",
                    models.ForeignKey(
                        db_column="patientId",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="patients.patient",
                    ),
                ),
            ],
            options={
                "db_table": "patient_risk_flags",
                "indexes": [
                    migrations_safety.constraints.NamedIndex(
                        fields=["patient", "status"], name="patient_risk_flags_patientId_status_idx"
                    ),
                    migrations_safety.constraints.NamedIndex(
                        fields=["code", "status"], name="patient_risk_flags_code_status_idx"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="patientallergy",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="patient_allergies_patientId_fkey", on_delete="CASCADE"
            ),
        ),
        migrations.AddConstraint(
            model_name="patientcontact",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="patient_contacts_patientId_fkey", on_delete="CASCADE"
            ),
        ),
        migrations.AddConstraint(
            model_name="patientdocument",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="patient_documents_patientId_fkey", on_delete="CASCADE"
            ),
        ),
        migrations.AddConstraint(
            model_name="patientriskflag",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="patient", name="patient_risk_flags_patientId_fkey", on_delete="CASCADE"
            ),
        ),
        # Last: writes to users wait from here to the commit.
        migrations.AddConstraint(
            model_name="patient",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="created_by", name="patients_createdBy_fkey", on_delete="SET NULL"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="updated_by", name="patients_updatedBy_fkey", on_delete="SET NULL"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="restricted_by", name="patients_restrictedBy_fkey", on_delete="SET NULL"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="deceased_by", name="patients_deceasedBy_fkey", on_delete="SET NULL"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="archived_by", name="patients_archivedBy_fkey", on_delete="SET NULL"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=migrations_safety.constraints.ForeignKeyConstraint(
                field="merged_by", name="patients_mergedBy_fkey", on_delete="SET NULL"
            ),
        ),
    ]
