-- columns: every column that a row can be given a value in, by table: what decides which value fits
SELECT c.oid, c.oid::regclass::text AS table_name, quote_ident(a.attname) AS name,
       format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type, t.typcategory AS category,
       CASE WHEN a.atttypmod > 4 AND t.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 END AS length,
       a.attnotnull OR t.typnotnull AS is_required, a.atthasdef OR a.attidentity <> '' AS has_default,
       (SELECT quote_literal(enumlabel) FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder LIMIT 1) AS label,
       (SELECT r.confrelid FROM pg_constraint AS r
        WHERE r.conrelid = c.oid AND r.contype = 'f' AND r.conkey = ARRAY[a.attnum] ORDER BY r.oid LIMIT 1) AS parent,
       (SELECT quote_ident(p.attname) FROM pg_constraint AS r
        JOIN pg_attribute AS p ON p.attrelid = r.confrelid AND p.attnum = r.confkey[1]
        WHERE r.conrelid = c.oid AND r.contype = 'f' AND r.conkey = ARRAY[a.attnum]
        ORDER BY r.oid LIMIT 1) AS parent_name
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
JOIN pg_type AS t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'migrations_safety_scratch')
  AND c.relname <> 'django_migrations' AND c.relname NOT LIKE 'migrations\_safety\_%%'
ORDER BY c.oid, a.attnum

-- triggers: triggers of the project's own that would fire for rows of a table, and that may do anything
SELECT t.tgrelid::regclass::text, quote_ident(t.tgname), t.tgenabled::text FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'

-- disable_trigger: one of them, while rows are made; each partition has its own
ALTER TABLE ONLY {table} DISABLE TRIGGER {trigger}

-- enable_trigger: and afterwards as it was
ALTER TABLE ONLY {table} ENABLE TRIGGER {trigger}

-- enable_always_trigger: the same for one that fires in every session_replication_role
ALTER TABLE ONLY {table} ENABLE ALWAYS TRIGGER {trigger}

-- insert: a few rows of one table
INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1, {number}) AS row_number

-- insert_default: a row of a table whose columns all have a default
INSERT INTO {table} DEFAULT VALUES

-- value_of_parent: the value that the parent's row of the same number has
(SELECT {column} FROM {parent} ORDER BY 1 OFFSET row_number - 1 LIMIT 1)

-- filled: the tables that hold made-up rows, partitioned tables in place of their partitions
SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_'
  AND n.nspname NOT IN ('information_schema', 'migrations_safety_scratch') AND c.relname <> 'django_migrations'

-- empty: some of them without their rows, and the tables that reference them
TRUNCATE {tables} CASCADE
