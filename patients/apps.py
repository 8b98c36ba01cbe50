"""The app of the patient module."""

from django.apps import AppConfig


class PatientsConfig(AppConfig):
    """`patients`: registers what a placeholder is and which schema to verify."""

    name = "patients"
