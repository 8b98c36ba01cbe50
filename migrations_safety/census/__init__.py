"""Counts the values of foreign-key columns, by class of identifier, and finds those without a parent."""
