"""The catalog of a database as plain values, read without the project's own code, so that two can be compared."""

from __future__ import annotations

from typing import Any

BOOKKEEPING = "(c.relname LIKE 'django\\_migrations%' OR c.relname LIKE 'migrations\\_safety\\_%')"
OURS = f"FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND NOT {BOOKKEEPING}"
PARTS = {
    "tables": f"SELECT c.relname, c.relpersistence::text, c.relrowsecurity {OURS} AND c.relkind IN ('r', 'p')",
    "columns": f"""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
               a.attgenerated::text, a.attcollation::regcollation::text, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.oid IN (SELECT c.oid {OURS} AND c.relkind IN ('r', 'p'))""",
    "enums": """
        SELECT t.typname, array_agg(e.enumlabel::text ORDER BY e.enumsortorder)
        FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY t.typname""",
    "indexes": f"""
        SELECT pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisunique, i.indisprimary, i.indnullsnotdistinct
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.oid IN (SELECT c.oid {OURS})""",
    "constraints": f"""
        SELECT c.relname, con.conname, pg_get_constraintdef(con.oid), con.convalidated, con.condeferrable
        FROM pg_constraint con JOIN pg_class c ON c.oid = con.conrelid
        WHERE con.contype <> 'n' AND NOT (con.contype = 'c' AND EXISTS (
                  SELECT FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND con.conname = c.relname || '_' || a.attname || '_check'))
          AND c.oid IN (SELECT c.oid {OURS})""",
    "sequences": f"SELECT c.relname {OURS} AND c.relkind = 'S'",
    "triggers": f"""
        SELECT c.relname, t.tgfoid::regproc::text, t.tgenabled::text, t.tgdeferrable, count(*)::integer
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.oid IN (SELECT c.oid {OURS})
        GROUP BY 1, 2, 3, 4""",
}
"""Left out: NOT NULL constraints (from 18 on; the columns' `attnotnull` has them) and vocabulary CHECKs."""


def catalog_snapshot(database: Any, *, tables: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Part by part a sorted list; `tables` keeps the parts that name their table to those tables."""
    taken = {}
    for part, query in PARTS.items():
        rows = database.rows(query)
        if tables:
            rows = [row for row in rows if row[0] in tables or any(f" ON public.{name} " in row[0] for name in tables)]
        taken[part] = sorted(rows, key=repr)
    return taken


def storage(database: Any, tables: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """What changes when a table is rewritten or a row of it is: file, pages written, rows touched."""
    found = database.rows(
        """SELECT c.relname, c.oid::bigint, c.relfilenode::bigint, c.relnatts, c.reltype::bigint, c.relowner::bigint
           FROM pg_class c WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace""",
        list(tables),
    )
    return {name: tuple(rest) for name, *rest in found}


def row_versions(database: Any, tables: tuple[str, ...]) -> dict[str, list[tuple[Any, ...]]]:
    """Place and transaction of every row: equal before and after where no row was written again."""
    return {
        name: database.rows(f'SELECT ctid::text, xmin::text, "{name}"::text FROM "{name}" ORDER BY ctid')
        for name in tables
    }
