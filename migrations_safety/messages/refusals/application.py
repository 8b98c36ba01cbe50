"""Refusals about the statements of the application."""

from __future__ import annotations

from migrations_safety.messages.refusals.base import Refusal


class StatementsRefused(Refusal):
    """Raised where the file of `--application-statements` has no statements that can be read."""

    message = "The statements in {file} cannot be used: {problem}. Nothing was looked at."
    hint = "Write SQL with a semicolon after each statement, or SELECT json_agg(s) of a query on pg_stat_statements."
