"""The management commands of the patient module."""
