"""The refusals: every error that the app raises on purpose, with one module for each area.

No refusal holds a patient identifier or any other value of a row. The error that caused a refusal is not shown to the
operator either: see `migrations_safety.messages.errors`.
"""
