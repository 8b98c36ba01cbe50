-- find: the table of the schema that has a kept column, which has its name alone
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND a.attname = %(column)s AND NOT a.attisdropped AND a.attinhcount = 0

-- type: the type of a column
SELECT format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %(oid)s AND attname = %(column)s AND NOT attisdropped

-- rename: gives a column its name back, in all partitions
ALTER TABLE {table} RENAME COLUMN {column} TO {name}

-- relation_exists: true where the schema has something of the name
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = %(schema)s AND c.relname = %(name)s)

-- own_sequence: lets a sequence belong to the column
ALTER SEQUENCE {sequence} OWNED BY {table}.{column}

-- set_default: gives the column its default
ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {expression}

-- has_nulls: true where a row has no value in the column
SELECT EXISTS (SELECT FROM {table} WHERE {column} IS NULL)

-- add_check: from now on no row may lack a value
ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID

-- set_not_null: PostgreSQL trusts the validated check, and does not read the rows
ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL

-- drop_check: the check is not needed any more
ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}

-- is_identity: true where the column is an identity column
SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = %(oid)s AND attname = %(column)s AND attidentity <> '')

-- add_identity: the column has a sequence of its own again
ALTER TABLE {table} ALTER COLUMN {column} ADD GENERATED {kind} AS IDENTITY (
    {name} START WITH {start} INCREMENT BY {increment} MINVALUE {least} MAXVALUE {most} CACHE {cache} {cycles}
)

-- sequence_name: the name that the sequence had
SEQUENCE NAME {sequence}

-- cycles: the sequence begins anew after its end
CYCLE

-- ends: it does not
NO CYCLE

-- sequence_of: the sequence of an identity column
SELECT pg_get_serial_sequence(%(table)s, %(column)s)::regclass::oid::bigint

-- count_on: the sequence counts on where it stopped
SELECT setval(%(sequence)s::oid::regclass, %(last_value)s, %(is_called)s)

-- not_null: the name of the NOT NULL of a column, where PostgreSQL has one
SELECT k.conname::text FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid
WHERE k.conrelid = %(oid)s AND a.attname = %(column)s AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]

-- rename_constraint: gives the NOT NULL its name back
ALTER TABLE {table} RENAME CONSTRAINT {old} TO {name}
