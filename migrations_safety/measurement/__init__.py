"""Measures on a scratch database which tables each statement of a plan locks, scans and rewrites."""
