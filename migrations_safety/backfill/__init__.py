"""The story of `backfill_placeholders`."""
