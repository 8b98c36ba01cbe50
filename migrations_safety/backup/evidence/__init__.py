"""Evidence of backups: what archives, pgBackRest, Barman and signed files say; they are read, never driven."""
