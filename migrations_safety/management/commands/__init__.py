"""The commands: each translates options into one call and a report."""
