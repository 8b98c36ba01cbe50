"""Compares what the models declare with what the database has: foreign keys, columns, indexes, constraints, types."""
