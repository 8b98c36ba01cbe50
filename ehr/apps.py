"""The app of the hospital's existing tables."""

from django.apps import AppConfig


class EhrConfig(AppConfig):
    """`ehr`: settings and existing tables."""

    name = "ehr"
