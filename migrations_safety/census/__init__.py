"""What the referencing columns hold, as counts and classes."""
