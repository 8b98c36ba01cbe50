"""The refusals: every error that the app raises on purpose, one module per area.

None of them carries an identifier or any other content of a row. What they are raised from does not reach the
operator either: see `migrations_safety.messages.errors`.
"""
