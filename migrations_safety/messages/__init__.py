"""All that is said to people: findings and their wording, refusals, errors without patient data, progress."""
