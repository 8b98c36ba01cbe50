"""`verify_patient_schema`: is the patient module there as declared, and does every reference have its patient?"""

from migrations_safety.management.verify import VerifySchemaCommand


class Command(VerifySchemaCommand):
    """Verify the patient module and the keys that point at it."""

    app_label = "patients"
    name = "verify_patient_schema"
