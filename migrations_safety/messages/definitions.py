"""Words the definitions of foreign keys, so that declared and existing ones can be compared by reading."""

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
    """Return the definition of a foreign key in words of SQL, without its name.

    `is_unusual` is True for one with MATCH FULL or a column list in its action, which no model can declare.
    """
    words = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target} ({', '.join(target_columns)})"
    words += f" ON DELETE {on_delete} ON UPDATE {on_update}"
    words += " DEFERRABLE" if deferrable else ""
    words += " INITIALLY DEFERRED" if deferred else ""
    return words + (" with MATCH FULL or a column list in its rule" if is_unusual else "")
