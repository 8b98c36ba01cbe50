"""The app of the patient module."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """`patients`: registers what a placeholder is and which schema to verify."""

    name = "patients"

    def ready(self) -> None:
        """Register with migrations_safety."""
        from migrations_safety.registry import SchemaToVerify, register_placeholders, register_schema
        from patients.models import PatientStatus
        from patients.placeholders import PLACEHOLDER

        register_placeholders(PLACEHOLDER)
        register_schema(SchemaToVerify(app_label="patients", enums={"PatientStatus": tuple(PatientStatus.values)}))
