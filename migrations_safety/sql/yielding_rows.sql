-- printed: a table as PostgreSQL prints its name
SELECT to_regclass(%(name)s)::text

-- invalid_indexes: what a concurrent build leaves behind that met such rows
SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid AND NOT indisready

-- drop_index: one of them, so that the build can begin again
DROP INDEX {index}
