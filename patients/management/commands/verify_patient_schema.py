"""The command `verify_patient_schema`.

It compares the tables of the patient module with its models, and counts foreign-key values without a patient.
"""

from migrations_safety.management.verify import VerifySchemaCommand


class Command(VerifySchemaCommand):
    """Compare the tables of the patient module, and the foreign keys to them, with the models."""

    app_label = "patients"
    name = "verify_patient_schema"
