"""The options about what is kept instead of dropped."""

from __future__ import annotations

from argparse import ArgumentParser


def add_keeping_argument(parser: ArgumentParser) -> None:
    """Add `--keep-dropped`."""
    help = (
        "keep each table and column that the migrations drop, with all rows and values: a table moves into the schema "
        "migrations_safety_kept, a column gets another name in its table; restore_dropped puts them back, and "
        "purge_dropped ends them"
    )
    parser.add_argument("--keep-dropped", action="store_true", help=help)


def add_interrupted_argument(parser: ArgumentParser) -> None:
    """Add `--interrupted`."""
    help = (
        "for a migrate --keep-dropped that was ended inside a migration that is not one transaction, where nobody can "
        "see whether an operation has done its work: it is done, or it has to run again"
    )
    parser.add_argument("--interrupted", choices=("done", "again"), help=help)
