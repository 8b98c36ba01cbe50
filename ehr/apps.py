"""The configuration of the app `ehr`, which holds the hospital's existing tables."""

from django.apps import AppConfig


class EhrConfig(AppConfig):
    """The app `ehr`."""

    name = "ehr"
