"""The table of patients, placeholders among them, and the words that stand in its columns."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from migrations_safety.constraints import ForeignKeyConstraint, NamedIndex, UniqueIndex
from migrations_safety.fields import CurrentTimestamp, EnumField, IdField, TimestampField, new_id


class PatientStatus(models.TextChoices):
    """The labels of the PostgreSQL enum "PatientStatus"."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DECEASED = "DECEASED"
    ARCHIVED = "ARCHIVED"


class IdentityStatus(models.TextChoices):
    """What a row stands for: an identified patient, a real but unidentified one, or a placeholder for nobody known."""

    IDENTIFIED = "IDENTIFIED"
    UNIDENTIFIED = "UNIDENTIFIED"
    PLACEHOLDER = "PLACEHOLDER"


class AllergyStatus(models.TextChoices):
    """What is known about allergies; a patient without rows in `patient_allergies` may still have some."""

    UNKNOWN = "UNKNOWN"
    HAS_ALLERGIES = "HAS_ALLERGIES"
    NO_KNOWN_ALLERGIES = "NO_KNOWN_ALLERGIES"


def staff_reference(column: str) -> Any:
    """Return a foreign-key column of `patients` to a user; the foreign key is declared in Meta.constraints."""
    return models.ForeignKey(
        "ehr.User",
        on_delete=models.DO_NOTHING,
        null=True,
        db_column=column,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )


def staff_key(field: str, column: str) -> ForeignKeyConstraint:
    """Return the foreign key of such a column.

    It is ON DELETE SET NULL, because a patient stays when the account of a member of staff is deleted.
    """
    return ForeignKeyConstraint(field=field, name=f"patients_{column}_fkey", on_delete="SET NULL")


class RealPatients(models.Manager["Patient"]):
    """The manager for searches and statistics, which leaves out placeholders."""

    def get_queryset(self) -> models.QuerySet[Patient]:
        """Return the patients that are not placeholders."""
        return super().get_queryset().exclude(identity_status=IdentityStatus.PLACEHOLDER)


class Patient(models.Model):
    """A patient, or a placeholder for one.

    `objects` leaves placeholders out; the attribute `patient` of a record can return one.
    """

    id = IdField(primary_key=True, default=new_id)
    mrn = models.CharField(max_length=60)
    first_name = models.CharField(db_column="firstName", max_length=100)
    middle_name = models.CharField(db_column="middleName", max_length=100, null=True)
    last_name = models.CharField(db_column="lastName", max_length=100)
    date_of_birth = models.DateField(db_column="dateOfBirth")
    date_of_birth_estimated = models.BooleanField(db_column="dateOfBirthEstimated", db_default=False)
    gender = models.CharField(max_length=20, null=True)
    national_id = models.CharField(db_column="nationalId", max_length=50, null=True)
    email = models.CharField(max_length=255, null=True)
    phone = models.CharField(max_length=50, null=True)
    phone_secondary = models.CharField(db_column="phoneSecondary", max_length=50, null=True)
    address_line_1 = models.CharField(db_column="addressLine1", max_length=200, null=True)
    address_line_2 = models.CharField(db_column="addressLine2", max_length=200, null=True)
    city = models.CharField(max_length=100, null=True)
    state = models.CharField(max_length=100, null=True)
    postal_code = models.CharField(db_column="postalCode", max_length=20, null=True)
    country = models.CharField(max_length=100, null=True)
    preferred_language = models.CharField(db_column="preferredLanguage", max_length=20, null=True)
    interpreter_required = models.BooleanField(db_column="interpreterRequired", db_default=False)
    identity_status = models.CharField(
        db_column="identityStatus",
        max_length=20,
        choices=IdentityStatus.choices,
        db_default=IdentityStatus.IDENTIFIED.value,
    )
    allergy_status = models.CharField(
        db_column="allergyStatus",
        max_length=20,
        choices=AllergyStatus.choices,
        db_default=AllergyStatus.UNKNOWN.value,
    )
    status = EnumField(enum_name="PatientStatus", choices=PatientStatus.choices, db_default=PatientStatus.ACTIVE.value)
    restricted = models.BooleanField(db_default=False)
    restricted_reason = models.TextField(db_column="restrictedReason", null=True)
    restricted_by = staff_reference("restrictedBy")
    restricted_at = TimestampField(db_column="restrictedAt", null=True)
    date_of_death = models.DateField(db_column="dateOfDeath", null=True)
    deceased_at = TimestampField(db_column="deceasedAt", null=True)
    deceased_by = staff_reference("deceasedBy")
    archived_at = TimestampField(db_column="archivedAt", null=True)
    archived_by = staff_reference("archivedBy")
    archived_reason = models.TextField(db_column="archivedReason", null=True)
    merged_into = IdField(db_column="mergedInto", null=True)
    merged_at = TimestampField(db_column="mergedAt", null=True)
    merged_by = staff_reference("mergedBy")
    backfill_run_id = IdField(db_column="backfillRunId", null=True)
    version = models.IntegerField(db_default=1)
    created_at = TimestampField(db_column="createdAt", db_default=CurrentTimestamp())
    updated_at = TimestampField(db_column="updatedAt", auto_now=True)
    created_by = staff_reference("createdBy")
    updated_by = staff_reference("updatedBy")

    objects = RealPatients()
    with_placeholders = models.Manager["Patient"]()

    class Meta:
        db_table = "patients"
        indexes = [
            UniqueIndex(fields=["mrn"], name="patients_mrn_key"),
            NamedIndex(fields=["last_name", "first_name"], name="patients_lastName_firstName_idx"),
            NamedIndex(fields=["date_of_birth", "last_name"], name="patients_dateOfBirth_lastName_idx"),
            NamedIndex(fields=["national_id"], name="patients_nationalId_idx"),
            NamedIndex(fields=["phone"], name="patients_phone_idx"),
            NamedIndex(fields=["status", "updated_at"], name="patients_status_updatedAt_idx"),
            NamedIndex(fields=["identity_status", "created_at"], name="patients_identityStatus_createdAt_idx"),
            NamedIndex(fields=["merged_into"], name="patients_mergedInto_idx"),
            NamedIndex(fields=["created_by"], name="patients_createdBy_idx"),
            NamedIndex(fields=["updated_by"], name="patients_updatedBy_idx"),
            NamedIndex(fields=["restricted_by"], name="patients_restrictedBy_idx"),
            NamedIndex(fields=["deceased_by"], name="patients_deceasedBy_idx"),
            NamedIndex(fields=["archived_by"], name="patients_archivedBy_idx"),
            NamedIndex(fields=["merged_by"], name="patients_mergedBy_idx"),
        ]
        constraints = [
            staff_key("created_by", "createdBy"),
            staff_key("updated_by", "updatedBy"),
            staff_key("restricted_by", "restrictedBy"),
            staff_key("deceased_by", "deceasedBy"),
            staff_key("archived_by", "archivedBy"),
            staff_key("merged_by", "mergedBy"),
            models.CheckConstraint(
                condition=Q(identity_status__in=["IDENTIFIED", "UNIDENTIFIED", "PLACEHOLDER"]),
                name="patients_identityStatus_check",
            ),
            models.CheckConstraint(
                condition=~Q(identity_status="PLACEHOLDER", allergy_status="NO_KNOWN_ALLERGIES"),
                name="patients_allergyStatus_check",
            ),
        ]

    @property
    def is_placeholder(self) -> bool:
        """Whether this row is a placeholder, made only so that a foreign key holds; it stands for no known person."""
        return bool(self.identity_status == IdentityStatus.PLACEHOLDER)

    def age_on(self, day: datetime.date) -> int | None:
        """Return the age in full years on `day`.

        None for a placeholder, because its date of birth is made up: no dose may be calculated from it.
        """
        if self.is_placeholder:
            return None
        birthday_to_come = (day.month, day.day) < (self.date_of_birth.month, self.date_of_birth.day)
        return day.year - self.date_of_birth.year - birthday_to_come
