"""The tables beside that of patients: contacts, documents, allergies and risk flags, deleted with their patient."""

from __future__ import annotations

from django.db import models

from migrations_safety.constraints import ForeignKeyConstraint, NamedIndex, UniqueIndex
from migrations_safety.fields import CurrentTimestamp, IdField, TimestampField, new_id
from patients.models.patient import Patient


class PatientPart(models.Model):
    """The columns of the tables whose rows belong to a patient and are deleted with the patient (CASCADE)."""

    id = IdField(primary_key=True, default=new_id)
    patient = models.ForeignKey(
        Patient,
        on_delete=models.DO_NOTHING,
        db_column="patientId",
        db_constraint=False,
        db_index=False,
    )
    created_at = TimestampField(db_column="createdAt", db_default=CurrentTimestamp())
    updated_at = TimestampField(db_column="updatedAt", auto_now=True)

    class Meta:
        abstract = True


def part_key(table: str) -> ForeignKeyConstraint:
    """Return the foreign key of `table` to patients, which is ON DELETE CASCADE."""
    return ForeignKeyConstraint(field="patient", name=f"{table}_patientId_fkey", on_delete="CASCADE")


class PatientContact(PatientPart):
    """Next of kin, guardian or emergency contact."""

    first_name = models.CharField(db_column="firstName", max_length=100)
    last_name = models.CharField(db_column="lastName", max_length=100)
    relationship = models.CharField(max_length=50)
    phone = models.CharField(max_length=50, null=True)
    email = models.CharField(max_length=255, null=True)
    address = models.CharField(max_length=500, null=True)
    is_next_of_kin = models.BooleanField(db_column="isNextOfKin", db_default=False)
    is_emergency_contact = models.BooleanField(db_column="isEmergencyContact", db_default=False)
    is_legal_guardian = models.BooleanField(db_column="isLegalGuardian", db_default=False)
    priority = models.IntegerField(db_default=1)
    version = models.IntegerField(db_default=1)

    class Meta:
        db_table = "patient_contacts"
        indexes = [NamedIndex(fields=["patient", "priority"], name="patient_contacts_patientId_priority_idx")]
        constraints = [part_key("patient_contacts")]


class PatientDocument(PatientPart):
    """A document; the file itself is stored outside of the database, under `storage_key`."""

    document_type = models.CharField(db_column="documentType", max_length=50)
    title = models.CharField(max_length=200)
    document_number = models.CharField(db_column="documentNumber", max_length=100, null=True)
    expires_at = models.DateField(db_column="expiresAt", null=True)
    storage_key = models.CharField(db_column="storageKey", max_length=255)
    file_name = models.CharField(db_column="fileName", max_length=255)
    mime_type = models.CharField(db_column="mimeType", max_length=100)
    size_bytes = models.BigIntegerField(db_column="sizeBytes")
    sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=20, db_default="CURRENT")
    uploaded_by = IdField(db_column="uploadedBy", null=True)

    class Meta:
        db_table = "patient_documents"
        indexes = [
            UniqueIndex(fields=["storage_key"], name="patient_documents_storageKey_key"),
            NamedIndex(fields=["patient", "document_type"], name="patient_documents_patientId_documentType_idx"),
        ]
        constraints = [part_key("patient_documents")]


class PatientAllergy(PatientPart):
    """One allergy or intolerance."""

    substance = models.CharField(max_length=200)
    substance_code = models.CharField(db_column="substanceCode", max_length=50, null=True)
    category = models.CharField(max_length=20)
    clinical_status = models.CharField(db_column="clinicalStatus", max_length=20, db_default="ACTIVE")
    verification_status = models.CharField(db_column="verificationStatus", max_length=20, db_default="UNCONFIRMED")
    criticality = models.CharField(max_length=20, db_default="UNABLE_TO_ASSESS")
    reaction = models.TextField(null=True)
    severity = models.CharField(max_length=20, null=True)
    onset_date = models.DateField(db_column="onsetDate", null=True)
    recorded_by = IdField(db_column="recordedBy", null=True)
    notes = models.TextField(null=True)

    class Meta:
        db_table = "patient_allergies"
        indexes = [
            NamedIndex(fields=["patient", "clinical_status"], name="patient_allergies_patientId_clinicalStatus_idx"),
            NamedIndex(fields=["substance_code"], name="patient_allergies_substanceCode_idx"),
        ]
        constraints = [part_key("patient_allergies")]


class PatientRiskFlag(PatientPart):
    """A warning that staff must see, such as PLACEHOLDER_RECORD."""

    category = models.CharField(max_length=30)
    code = models.CharField(max_length=50)
    description = models.TextField(null=True)
    severity = models.CharField(max_length=20, db_default="MEDIUM")
    status = models.CharField(max_length=20, db_default="ACTIVE")
    starts_at = TimestampField(db_column="startsAt", db_default=CurrentTimestamp())
    ends_at = TimestampField(db_column="endsAt", null=True)
    raised_by = IdField(db_column="raisedBy", null=True)
    resolved_by = IdField(db_column="resolvedBy", null=True)
    resolution_note = models.TextField(db_column="resolutionNote", null=True)

    class Meta:
        db_table = "patient_risk_flags"
        indexes = [
            NamedIndex(fields=["patient", "status"], name="patient_risk_flags_patientId_status_idx"),
            NamedIndex(fields=["code", "status"], name="patient_risk_flags_code_status_idx"),
        ]
        constraints = [part_key("patient_risk_flags")]
