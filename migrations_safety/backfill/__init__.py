"""What the command `backfill_placeholders` does: it creates a placeholder row for each missing parent."""
