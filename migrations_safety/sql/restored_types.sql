-- exists: true where the schema has a type of the name
SELECT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
               WHERE n.nspname = %(schema)s AND t.typname = %(name)s)

-- drop: drops a type, which PostgreSQL refuses while anything has it
DROP TYPE {type}

-- rename: gives a type its name back
ALTER TYPE {type} RENAME TO {name}

-- move: moves a type back into its schema
ALTER TYPE {type} SET SCHEMA {schema}
