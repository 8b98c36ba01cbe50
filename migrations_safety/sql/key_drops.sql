-- between: foreign keys between a table that goes and a table that stays, those of partitions left out
SELECT con.conname AS name, con.conrelid::regclass::text AS table, con.confrelid::regclass::text AS target_table
FROM pg_constraint con
WHERE con.contype = 'f' AND con.conparentid = 0
  AND (con.conrelid = ANY(%(oids)s::oid[])) <> (con.confrelid = ANY(%(oids)s::oid[]))
ORDER BY con.conrelid = ANY(%(oids)s::oid[]), con.confrelid::regclass::text, con.conrelid::regclass::text, con.conname

-- drop: drops a foreign key
ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}
