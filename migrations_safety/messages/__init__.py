"""Everything that operators read: findings, refusals, error messages without patient data, and progress."""
