-- index_exists: true where a valid index of the name is there
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_index x ON x.indexrelid = c.oid
               WHERE n.nspname = %(schema)s AND c.relname = %(name)s AND x.indisvalid)

-- constraint_exists: true where the table has a constraint of the name, valid if it is to be
SELECT EXISTS (SELECT FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = %(schema)s AND c.relname = %(relation)s AND k.conname = %(name)s
                 AND (k.convalidated OR NOT %(validated)s))

-- is_partitioned: true where the table is partitioned
SELECT coalesce((SELECT c.relkind = 'p' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = %(schema)s AND c.relname = %(relation)s), false)

-- statement: a definition as PostgreSQL printed it
{text}

-- add_on_index: adds a unique constraint or primary key on an index that exists
ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name} {deferred}

-- add: adds a constraint as PostgreSQL printed it
ALTER TABLE {table} ADD CONSTRAINT {name} {definition}

-- validate: checks the rows that are older than the constraint
ALTER TABLE {table} VALIDATE CONSTRAINT {name}

-- comment_on_index: gives an index its comment back
COMMENT ON INDEX {index} IS {comment}

-- comment_on_constraint: gives a constraint its comment back
COMMENT ON CONSTRAINT {name} ON {table} IS {comment}

-- cluster_on: CLUSTER orders the table by this index
ALTER TABLE {table} CLUSTER ON {name}

-- row_security: whether rows may be hidden without an error
SELECT current_setting('row_security')

-- set_row_security: lets a statement fail where rows are hidden from it, or not
SELECT set_config('row_security', %(value)s, false)
