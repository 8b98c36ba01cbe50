-- tree: a table with its partitions, and with the tables that inherit its columns
WITH RECURSIVE tree AS (
    SELECT %(oid)s::oid AS oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.oid
)
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
FROM tree JOIN pg_class c ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY c.oid <> %(oid)s::oid, c.oid

-- followers: the indexes and sequences that go with the tables of a tree, and need names of ours
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY(%(tree)s::oid[])
                UNION
                SELECT objid FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
                  AND refobjid = ANY(%(tree)s::oid[]) AND deptype IN ('a', 'i'))
  AND c.relkind IN ('i', 'I', 'S')
ORDER BY c.oid

-- keys: the foreign keys from the tables of a tree to others, and from others to them
SELECT n.nspname::text AS schema, c.relname::text AS relation, k.conname::text AS name,
       pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated, k.contype::text AS kind,
       NULL AS index, '{}'::text[] AS columns, obj_description(k.oid, 'pg_constraint') AS comment,
       false AS is_clustered
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
  AND (k.conrelid = ANY(%(tree)s::oid[])) <> (k.confrelid = ANY(%(tree)s::oid[]))
ORDER BY k.oid

-- lock: nobody reads or writes the table until the end of the transaction, as with DROP TABLE
LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE

-- drop_constraint: takes a constraint off a table
ALTER TABLE {table} DROP CONSTRAINT {name}

-- rename_table: gives a table another name
ALTER TABLE {table} RENAME TO {name}

-- rename_index: gives an index another name
ALTER INDEX {table} RENAME TO {name}

-- rename_sequence: gives a sequence another name
ALTER SEQUENCE {table} RENAME TO {name}

-- move: moves a table with its indexes and sequences into another schema
ALTER TABLE {table} SET SCHEMA {schema}
