-- sequences: how far each sequence is, and the column that takes its numbers
SELECT s.schemaname AS schema, s.sequencename AS name, s.last_value AS last, n.nspname AS table_schema,
       c.relname AS relation, a.attname AS column
FROM pg_sequences AS s
LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
     AND d.objid = format('%%I.%%I', s.schemaname, s.sequencename)::regclass AND d.deptype IN ('a', 'i')
     AND d.refobjsubid > 0
LEFT JOIN pg_class AS c ON c.oid = d.refobjid LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE s.schemaname !~ '^pg_'

-- set_sequence: the same on the copy, or the highest of the replaced ids
SELECT setval(s.seqrelid, found.last) FROM (SELECT greatest({last}, {highest})::bigint AS last) AS found
JOIN pg_sequence AS s ON s.seqrelid = {sequence}::regclass AND found.last BETWEEN s.seqmin AND s.seqmax

-- highest: the highest id of the column that takes the numbers
(SELECT max({column}) FROM {table})
