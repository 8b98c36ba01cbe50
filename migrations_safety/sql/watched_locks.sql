-- tables: the tables that LOCK TABLE can lock
SELECT c.oid::regclass::text, c.relkind = 'p' FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'

-- maintenance: as VACUUM and the building of an index lock tables
LOCK TABLE {tables} IN SHARE UPDATE EXCLUSIVE MODE

-- writing: as the application's writes lock tables
LOCK TABLE {tables} IN ROW EXCLUSIVE MODE

-- reading: as the application's queries lock tables
LOCK TABLE {tables} IN ACCESS SHARE MODE
