-- large: which of these tables are large, with their partitions, and are where the role may make a function
SELECT DISTINCT c.oid::bigint FROM unnest(%(oids)s::oid[]) AS asked (oid) JOIN pg_class c ON c.oid = asked.oid
WHERE has_schema_privilege(c.relnamespace, 'CREATE')
  AND coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(asked.oid::regclass)),
               pg_relation_size(asked.oid)) >= %(bytes)s

-- places: the watches that are there, with the schema and name of their tables
SELECT n.nspname::text AS schema, c.relname::text AS table, t.tgname::text AS name
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.tgname ~ '^migrations_safety_watch_[0-9]+$' AND t.tgparentid = 0 AND NOT t.tgisinternal
ORDER BY 1, 2, 3

-- create_sequence: what shows, without regard to transactions, that a row was written
CREATE SEQUENCE IF NOT EXISTS {sequence}

-- oid: the number of the sequence in the catalog
SELECT c.oid::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = %(name)s AND c.relkind = 'S'

-- body: what the trigger does
BEGIN PERFORM pg_catalog.nextval({oid}::pg_catalog.regclass); RETURN NULL; END

-- create_function: moves the sequence on, whoever writes
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS {body}

-- create_looking_function: moves the sequence on for a row that would be lost, whatever its columns are by then
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $migrations_safety_watch$
DECLARE
    condition text := {condition};
    one record;
    is_lost boolean;
BEGIN
    FOR one IN SELECT attnum, attname FROM pg_catalog.pg_attribute
               WHERE attrelid = {oid_of_table}
                 AND attnum OPERATOR(pg_catalog.=) ANY (CAST({columns} AS pg_catalog.int2[])) LOOP
        condition := pg_catalog.replace(condition, '"migrations_safety_column_' || one.attnum || '"',
                                        pg_catalog.quote_ident(one.attname));
    END LOOP;
    EXECUTE 'SELECT ' || condition || ' FROM (SELECT ($1).*) AS new' INTO is_lost USING NEW;
    IF is_lost IS NOT FALSE THEN
        PERFORM pg_catalog.nextval({oid}::pg_catalog.regclass);
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN  -- a value that the other type does not take: the next count finds it
    PERFORM pg_catalog.nextval({oid}::pg_catalog.regclass);
    RETURN NULL;
END $migrations_safety_watch$

-- create_trigger: notices each row that is written and would be lost
CREATE OR REPLACE TRIGGER {trigger} AFTER {event} ON {table} FOR EACH ROW WHEN ({condition})
EXECUTE FUNCTION {function}()

-- insert: a new row
INSERT

-- insert_or_update: a row that is written
INSERT OR UPDATE

-- always: notices rows that replication writes, too
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}

-- any_row: a condition that each row fulfils
true

-- brackets: one of several conditions
({condition})

-- moved: how often the sequence has moved
SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}

-- drop_trigger: ends the watch
DROP TRIGGER IF EXISTS {trigger} ON {table}

-- drop_function: ends the watch
DROP FUNCTION IF EXISTS {function}()

-- drop_sequence: ends the watch
DROP SEQUENCE IF EXISTS {sequence}
