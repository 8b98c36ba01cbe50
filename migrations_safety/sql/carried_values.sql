-- create_function: a function that carries a new value over to the kept column
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.{column} IS DISTINCT FROM OLD.{column} THEN
        NEW.{kept} := NEW.{column};
    END IF;
    RETURN NEW;
END $$

-- create_trigger: carries over each write from now on
CREATE OR REPLACE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()

-- drop_trigger: ends that
DROP TRIGGER {trigger} ON {table}

-- drop_function: ends that
DROP FUNCTION {function}()

-- blocks: how many blocks a table has
SELECT pg_relation_size(%(oid)s::oid::regclass) / current_setting('block_size')::bigint

-- filling: the value that rows got without being written when the column was made
SELECT (attmissingval::text::text[])[1] FROM pg_attribute
WHERE attrelid = %(oid)s AND attname = %(column)s AND NOT attisdropped

-- is_written: the row has a value in the column that was written
{column}::text IS DISTINCT FROM {filling}

-- fill: carries over the values of the rows in a range of blocks
UPDATE {table} SET {kept} = {column}
WHERE ctid >= %(first)s::tid AND ctid < %(after)s::tid AND {column} IS NOT NULL AND {kept} IS DISTINCT FROM {column}
  AND ({kept} IS NULL OR {condition})
