"""Fills a copy with keys that are replaced and rows that are made up, so that no value of a row leaves the server."""
