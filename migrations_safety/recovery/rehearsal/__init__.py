"""Runs a whole deploy on a copy of the database, and measures it there."""
