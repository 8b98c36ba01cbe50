"""Defines placeholder patients: rows that are made only so that foreign keys hold, and stand for no known person.

So that nobody takes a placeholder for a patient, its row says so: by its identity status, an estimated date of birth,
an unknown allergy status, the run that made it, and one critical risk flag.
"""

from migrations_safety.registry import Companion, PlaceholderMaker

RISK_FLAG = Companion(
    model="patients.PatientRiskFlag",
    values={
        "id": "gen_random_uuid()",
        "patientId": "placed.id",
        "category": "'IDENTITY'",
        "code": "'PLACEHOLDER_RECORD'",
        "severity": "'CRITICAL'",
        "status": "'ACTIVE'",
        "updatedAt": "CURRENT_TIMESTAMP",
    },
)

PLACEHOLDER = PlaceholderMaker(
    model="patients.Patient",
    migration=("patients", "0001_initial"),
    values={
        "id": "orphan.value",
        "mrn": "'MRN-PLACEHOLDER-' || orphan.value",
        "firstName": "'Placeholder'",
        "lastName": "'Patient'",
        "dateOfBirth": "DATE '1900-01-01'",
        "dateOfBirthEstimated": "true",
        "identityStatus": "'PLACEHOLDER'",
        "allergyStatus": "'UNKNOWN'",
        "status": "'ACTIVE'",
        "backfillRunId": "%(run_id)s",
        "updatedAt": "CURRENT_TIMESTAMP",
    },
    companions=(RISK_FLAG,),
    unresolved="\"identityStatus\" = 'PLACEHOLDER'",
    classified=True,
    record_number_column="mrn",
)
