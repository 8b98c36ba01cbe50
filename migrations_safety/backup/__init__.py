"""Backups that were tried: a dump that appears whole or not at all, restored and compared."""
