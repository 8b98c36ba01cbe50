"""Keeps what a migration drops: tables in a schema of ours, columns under a name of ours."""
