"""How definitions of the database are worded, declared ones and those that are there alike."""

from collections.abc import Iterable


def foreign_key(
    *,
    columns: Iterable[str],
    target: str,
    target_columns: Iterable[str],
    on_delete: str,
    on_update: str,
    deferrable: bool,
    deferred: bool,
    is_unusual: bool = False,
) -> str:
    """A foreign key without its name; `is_unusual`: with what no model can declare."""
    words = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target} ({', '.join(target_columns)})"
    words += f" ON DELETE {on_delete} ON UPDATE {on_update}"
    words += " DEFERRABLE" if deferrable else ""
    words += " INITIALLY DEFERRED" if deferred else ""
    return words + (" with MATCH FULL or a column list in its rule" if is_unusual else "")
