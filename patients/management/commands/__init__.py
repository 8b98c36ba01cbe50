"""The commands of the patient module."""
