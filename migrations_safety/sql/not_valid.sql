-- constraints: the NOT VALID constraints of the tables with these oids or names, on partitions only their own
SELECT con.conrelid::regclass::text AS table, con.conname AS name,
       CASE con.contype WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'CHECK' ELSE 'NOT NULL' END AS kind
FROM pg_constraint AS con JOIN pg_class AS c ON c.oid = con.conrelid
WHERE con.contype IN ('f', 'c', 'n') AND NOT con.convalidated AND con.conparentid = 0
  AND coalesce((to_jsonb(con) ->> 'conenforced')::boolean, true)
  AND (c.oid = ANY(%(oids)s::oid[]) OR c.oid::regclass::text = ANY(%(names)s::text[]))
ORDER BY 1, 2
