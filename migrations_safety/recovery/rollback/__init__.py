"""Unapplies migrations: keys one by one, then nullified references back, then tables, and no row is lost unasked."""
