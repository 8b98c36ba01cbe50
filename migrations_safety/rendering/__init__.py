"""Draws reports: pure functions from a report to text or to the values of its JSON."""
