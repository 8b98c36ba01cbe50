"""Draws reports: text, JSON, Markdown, HTML, and what CI systems read. Nothing here reads a database or prints."""
