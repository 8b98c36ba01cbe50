-- create_function: a function that carries a new value over to the kept column
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.{column}::text IS DISTINCT FROM OLD.{column}::text THEN
        NEW.{kept} := NEW.{column};
    END IF;
    RETURN NEW;
EXCEPTION WHEN undefined_column THEN  -- one of the two was dropped or renamed meanwhile: writers go on
    RETURN NEW;
END $$

-- create_trigger: carries over each write from now on
CREATE OR REPLACE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()

-- always: carries over what replication writes, too
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}

-- blocks: how many blocks a table has
SELECT pg_relation_size(%(oid)s::oid::regclass) / current_setting('block_size')::bigint

-- filling: the value that rows got when the column was made, and whether it had one that nobody knows any more
SELECT (attmissingval::text::text[])[1], attmissingval IS NULL AND (atthasdef OR attnotnull) FROM pg_attribute
WHERE attrelid = %(oid)s AND attname = %(column)s AND NOT attisdropped

-- is_written: the row has a value in the column that was written
{column}::text IS DISTINCT FROM {filling}

-- nobody_knows: a rewrite of the table has ended what would say which rows were written; the old values stay
false

-- fill: carries over the values of the rows in a range of blocks
UPDATE ONLY {table} SET {kept} = {column}
WHERE ctid >= %(first)s::tid AND ctid < %(after)s::tid AND {column} IS NOT NULL
  AND {kept}::text IS DISTINCT FROM {column}::text
  AND ({kept} IS NULL OR {condition})

-- differing: true where a row has an older and another newer value
SELECT EXISTS (SELECT FROM ONLY {table} WHERE {column} IS NOT NULL AND {kept}::text IS DISTINCT FROM {column}::text)
