"""What the models declare against what the database has: keys, columns, indexes, constraints, types."""
