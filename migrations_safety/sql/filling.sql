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
