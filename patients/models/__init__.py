"""The six tables of the patient module; their columns, indexes and foreign keys are those of the Prisma schema."""

from patients.models.merge_history import PatientMergeHistory
from patients.models.patient import AllergyStatus, IdentityStatus, Patient, PatientStatus
from patients.models.records import PatientAllergy, PatientContact, PatientDocument, PatientRiskFlag

__all__ = [
    "AllergyStatus",
    "IdentityStatus",
    "Patient",
    "PatientAllergy",
    "PatientContact",
    "PatientDocument",
    "PatientMergeHistory",
    "PatientRiskFlag",
    "PatientStatus",
]
