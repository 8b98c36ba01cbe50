"""`verify_patient_schema`: compares the patient module with its models, and counts references without a patient."""

from migrations_safety.management.verify import VerifySchemaCommand


class Command(VerifySchemaCommand):
    """Compare the tables of the patient module, and the foreign keys to them, with the models."""

    app_label = "patients"
    name = "verify_patient_schema"
