-- index_of_name: an index of a table, both named as in a statement: its definition, whether it is valid, its full name
SELECT pg_get_indexdef(i.indexrelid), i.indisvalid AND i.indisready, i.indexrelid::regclass::text
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass(%(table)s) AND c.relname::text = (parse_ident(%(name)s))[1]

-- indexes_of_table: all indexes of a table, named as in a statement: the same of each
SELECT pg_get_indexdef(i.indexrelid), i.indisvalid AND i.indisready, i.indexrelid::regclass::text
FROM pg_index i WHERE i.indrelid = to_regclass(%(table)s) ORDER BY i.indisvalid, i.indexrelid

-- drop: drops an index; writes to its table wait meanwhile
DROP INDEX {index}

-- drop_concurrently: drops an index beside reads and writes, outside of transactions alone
DROP INDEX CONCURRENTLY {index}
