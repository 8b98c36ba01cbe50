"""The hospital's existing tables, as its Prisma backend made them; only their `id` and `"patientId"` are used."""

from __future__ import annotations

from typing import Any

from django.db import models

from migrations_safety.constraints import ForeignKeyConstraint, NamedIndex, UniqueIndex
from migrations_safety.fields import CurrentTimestamp, IdField, TimestampField, new_id


def patient_reference(related_name: str, **kwargs: Any) -> Any:
    """Return the foreign-key column `"patientId"`; the foreign key itself is declared in Meta.constraints."""
    return models.ForeignKey(
        "patients.Patient",
        on_delete=models.DO_NOTHING,
        db_column="patientId",
        db_constraint=False,
        db_index=False,
        related_name=related_name,
        **kwargs,
    )


def patient_key(table: str) -> ForeignKeyConstraint:
    """Return the foreign key of `table` to patients.

    It is ON DELETE RESTRICT, so a patient with clinical records cannot be deleted.
    """
    return ForeignKeyConstraint(field="patient", name=f"{table}_patientId_fkey", on_delete="RESTRICT")


class EhrModel(models.Model):
    """The columns that all of the hospital's tables have."""

    id = IdField(primary_key=True, default=new_id)
    created_at = TimestampField(db_column="createdAt", db_default=CurrentTimestamp())
    updated_at = TimestampField(db_column="updatedAt", auto_now=True)

    class Meta:
        abstract = True


class User(EhrModel):
    """A member of staff."""

    email = models.CharField(max_length=255)
    first_name = models.CharField(db_column="firstName", max_length=100)
    last_name = models.CharField(db_column="lastName", max_length=100)
    is_active = models.BooleanField(db_column="isActive", db_default=True)

    class Meta:
        db_table = "users"
        indexes = [UniqueIndex(fields=["email"], name="users_email_key")]


class SurgicalCase(EhrModel):
    """A surgical operation, planned or done."""

    case_number = models.CharField(db_column="caseNumber", max_length=50)
    patient = patient_reference("surgical_cases")
    procedure_name = models.CharField(db_column="procedureName", max_length=500)
    procedure_code = models.CharField(db_column="procedureCode", max_length=50, null=True)
    priority = models.IntegerField(db_default=5)
    status = models.CharField(max_length=50)
    scheduled_start_at = TimestampField(db_column="scheduledStartAt")
    scheduled_end_at = TimestampField(db_column="scheduledEndAt")
    primary_surgeon_id = IdField(db_column="primarySurgeonId", null=True)
    notes = models.TextField(null=True)
    version = models.IntegerField(db_default=1)

    class Meta:
        db_table = "surgical_cases"
        indexes = [
            UniqueIndex(fields=["case_number"], name="surgical_cases_caseNumber_key"),
            NamedIndex(fields=["patient"], name="surgical_cases_patientId_idx"),
            NamedIndex(fields=["status"], name="surgical_cases_status_idx"),
        ]
        constraints = [patient_key("surgical_cases")]


class MedicalRecord(EhrModel):
    """The medical record of a patient."""

    record_number = models.CharField(db_column="recordNumber", max_length=50)
    patient = patient_reference("medical_records")
    date_of_birth = models.DateField(db_column="dateOfBirth", null=True)
    gender = models.CharField(max_length=20, null=True)
    blood_type = models.CharField(db_column="bloodType", max_length=10, null=True)
    status = models.CharField(max_length=50, db_default="ACTIVE")
    merged_into = IdField(db_column="mergedInto", null=True)
    version = models.IntegerField(db_default=1)

    class Meta:
        db_table = "medical_records"
        indexes = [
            UniqueIndex(fields=["record_number"], name="medical_records_recordNumber_key"),
            NamedIndex(fields=["patient"], name="medical_records_patientId_idx"),
        ]
        constraints = [patient_key("medical_records")]


class Bill(EhrModel):
    """An invoice; its patient may be NULL."""

    bill_number = models.CharField(db_column="billNumber", max_length=50)
    patient = patient_reference("bills", null=True)
    status = models.CharField(max_length=50, db_default="DRAFT")
    subtotal = models.DecimalField(max_digits=12, decimal_places=2, db_default=0)
    discount_amount = models.DecimalField(db_column="discountAmount", max_digits=12, decimal_places=2, db_default=0)
    tax_amount = models.DecimalField(db_column="taxAmount", max_digits=12, decimal_places=2, db_default=0)
    total_amount = models.DecimalField(db_column="totalAmount", max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, db_default="KES")
    issued_at = TimestampField(db_column="issuedAt", null=True)
    due_date = models.DateField(db_column="dueDate", null=True)
    version = models.IntegerField(db_default=1)

    class Meta:
        db_table = "bills"
        indexes = [
            UniqueIndex(fields=["bill_number"], name="bills_billNumber_key"),
            NamedIndex(fields=["patient"], name="bills_patientId_idx"),
            NamedIndex(fields=["status"], name="bills_status_idx"),
        ]
        constraints = [patient_key("bills")]


class PatientConsentInstance(EhrModel):
    """A consent form, as one patient signed it."""

    instance_number = models.CharField(db_column="instanceNumber", max_length=50)
    template_id = IdField(db_column="templateId")
    template_version = models.CharField(db_column="templateVersion", max_length=50)
    patient = patient_reference("consents")
    status = models.CharField(max_length=50, db_default="DRAFT")
    signed_at = TimestampField(db_column="signedAt", null=True)
    revoked_at = TimestampField(db_column="revokedAt", null=True)
    expires_at = TimestampField(db_column="expiresAt", null=True)
    language = models.CharField(max_length=10, db_default="en")
    version = models.IntegerField(db_default=1)

    class Meta:
        db_table = "patient_consent_instances"
        indexes = [
            UniqueIndex(fields=["instance_number"], name="patient_consent_instances_instanceNumber_key"),
            NamedIndex(fields=["patient"], name="patient_consent_instances_patientId_idx"),
        ]
        constraints = [patient_key("patient_consent_instances")]


class InsurancePolicy(EhrModel):
    """An insurance policy; its `"patientId"` has no index, as in the hospital's own schema."""

    patient = patient_reference("insurance_policies", null=True)
    payer_name = models.CharField(db_column="payerName", max_length=200)
    policy_number = models.CharField(db_column="policyNumber", max_length=100)
    group_number = models.CharField(db_column="groupNumber", max_length=100, null=True)
    is_primary = models.BooleanField(db_column="isPrimary", db_default=True)
    status = models.CharField(max_length=50, db_default="ACTIVE")
    effective_date = models.DateField(db_column="effectiveDate")
    expiration_date = models.DateField(db_column="expirationDate", null=True)
    version = models.IntegerField(db_default=1)

    class Meta:
        db_table = "insurance_policies"
        indexes = [NamedIndex(fields=["policy_number"], name="insurance_policies_policyNumber_idx")]
        constraints = [patient_key("insurance_policies")]
