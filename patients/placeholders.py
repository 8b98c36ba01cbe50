"""Defines placeholder patients: rows that are made only so that foreign keys hold, and stand for no known person.

So that nobody takes a placeholder for a patient, its row says so: by its identity status, an estimated date of birth,
an unknown allergy status, the run that made it, and one critical risk flag.
"""

from migrations_safety.registry import Companion, PlaceholderMaker

OWN_FLAG = """
    patient_risk_flags.category = 'IDENTITY' AND patient_risk_flags.code = 'PLACEHOLDER_RECORD'
    AND patient_risk_flags.severity = 'CRITICAL' AND patient_risk_flags.status = 'ACTIVE'
    AND patient_risk_flags."updatedAt" = patient_risk_flags."createdAt"
    AND patient_risk_flags.description IS NULL AND patient_risk_flags."raisedBy" IS NULL
    AND patient_risk_flags."resolvedBy" IS NULL AND patient_risk_flags."resolutionNote" IS NULL"""
"""True for a flag that is as the backfill has made it."""
UNTOUCHED = f"""
    patients."identityStatus" = 'PLACEHOLDER' AND patients.version = 1
    AND patients."updatedAt" = patients."createdAt" AND patients."firstName" = 'Placeholder'
    AND patients."lastName" = 'Patient' AND patients."dateOfBirth" = '1900-01-01'
    AND EXISTS (SELECT FROM patient_risk_flags WHERE patient_risk_flags."patientId" = patients.id AND {OWN_FLAG})
    AND NOT EXISTS (SELECT FROM patient_risk_flags
                    WHERE patient_risk_flags."patientId" = patients.id AND ({OWN_FLAG}) IS NOT TRUE)
    AND NOT EXISTS (SELECT FROM patient_contacts WHERE patient_contacts."patientId" = patients.id)
    AND NOT EXISTS (SELECT FROM patient_documents WHERE patient_documents."patientId" = patients.id)
    AND NOT EXISTS (SELECT FROM patient_allergies WHERE patient_allergies."patientId" = patients.id)"""  # noqa: S608
"""True for a placeholder that is as the backfill has made it, and at which only its own flag points."""

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
    untouched=f"""{OWN_FLAG}
    AND EXISTS (SELECT FROM patients
                WHERE patients.id = patient_risk_flags."patientId" AND patients."identityStatus" = 'PLACEHOLDER')""",
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
    untouched=UNTOUCHED,
    run_column="backfillRunId",
    classified=True,
    record_number_column="mrn",
)
