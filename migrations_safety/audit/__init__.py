"""Records each run that changes something, and reads this record."""
