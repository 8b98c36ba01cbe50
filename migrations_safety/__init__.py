"""Migrations that look before they touch and prove the result, for any Django project on PostgreSQL."""

__version__ = "0.1.0"
