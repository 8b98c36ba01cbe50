-- existing: the foreign key of a table with this name, that of a partition left out
SELECT con.conname AS name, con.conrelid::regclass::text AS table, con.confrelid::regclass::text AS target_table
FROM pg_constraint con
WHERE con.contype = 'f' AND con.conparentid = 0
  AND con.conrelid = to_regclass(%(table)s) AND con.conname = %(name)s

-- drop: drops a foreign key
ALTER TABLE {table} DROP CONSTRAINT {name}
