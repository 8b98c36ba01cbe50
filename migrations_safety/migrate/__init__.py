"""What the command `migrate` does: the precheck, the lock ladder, the record of runs, and the report."""
