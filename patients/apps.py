"""The configuration of the app `patients`."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """The app `patients`, which registers its placeholder maker and its schema with migrations_safety."""

    name = "patients"

    def ready(self) -> None:
        """Register the placeholder maker and the schema that `verify_patient_schema` verifies."""
        from migrations_safety.registry import SchemaToVerify, register_placeholders, register_schema
        from patients.models import PatientStatus
        from patients.placeholders import PLACEHOLDER

        register_placeholders(PLACEHOLDER)
        enums = {"PatientStatus": tuple(PatientStatus.values)}
        commands = {"command": "verify_patient_schema", "rollback": "rollback_patient_module"}
        register_schema(SchemaToVerify(app_label="patients", enums=enums, **commands))
