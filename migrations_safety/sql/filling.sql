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

-- large_objects: how many there are
SELECT count(*) FROM pg_largeobject_metadata

-- client_encoding: the form in which a session sends and gets text; SQL_ASCII means the bytes as they are
SELECT set_config('client_encoding', %(encoding)s, false)

-- encoding: how the database stores text
SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()

-- begin: the same snapshot as the definitions
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- join: the snapshot by its name
SET TRANSACTION SNAPSHOT {name}

-- export: the snapshot, by a session that no limit of time ends
SELECT pg_export_snapshot()

-- read: what is read of the rows of one table
COPY (SELECT {fields} FROM ONLY {table}) TO STDOUT

-- write: the rows of the copy; those of a partition through the table at the top, which may have another for them
COPY {table} {columns} FROM STDIN

-- truths: of how many rows of the copy the same is true
SELECT {truths}, count(*) FROM {table} GROUP BY 1
