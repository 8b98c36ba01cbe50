"""The story of `migrate`."""
