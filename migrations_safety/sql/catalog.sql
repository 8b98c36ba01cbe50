-- tables: the tables of the given names, which stand in the schema that they say, else in the current one
SELECT asked.name, c.oid::bigint AS oid, n.nspname AS schema, c.relname AS relation,
       c.relkind = 'p' AS is_partitioned, c.relpersistence = 'p' AS is_permanent, c.relrowsecurity AS row_security,
       pg_get_userbyid(c.relowner) AS owner, pg_has_role(c.relowner, 'USAGE') AS owned,
       EXISTS (SELECT FROM pg_roles r WHERE r.oid = c.relowner AND r.rolsuper) AS is_of_superuser,
       pg_has_role(c.relowner, 'USAGE') OR pg_has_role(n.nspowner, 'USAGE') AS may_drop,
       has_table_privilege(c.oid, 'SELECT') AS may_select, has_table_privilege(c.oid, 'REFERENCES') AS may_reference
FROM unnest(%(names)s::text[], %(schemas)s::text[], %(relations)s::text[]) AS asked (name, schema, relation)
JOIN pg_namespace n ON n.nspname = coalesce(asked.schema, current_schema())::name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.relation::name
WHERE c.relkind IN ('r', 'p')

-- kinds_of_relations: which of the given names are taken, and by what
SELECT asked.name,
       CASE c.relkind WHEN 'r' THEN 'a table' WHEN 'p' THEN 'a table' WHEN 'v' THEN 'a view'
                      WHEN 'm' THEN 'a materialized view' WHEN 'f' THEN 'a foreign table' WHEN 'i' THEN 'an index'
                      WHEN 'I' THEN 'an index' WHEN 'S' THEN 'a sequence' WHEN 'c' THEN 'a type'
                      ELSE 'something else' END AS kind
FROM unnest(%(names)s::text[], %(schemas)s::text[], %(relations)s::text[]) AS asked (name, schema, relation)
JOIN pg_namespace n ON n.nspname = coalesce(asked.schema, current_schema())::name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.relation::name

-- found_only_elsewhere: quoted names that the path finds outside of the current schema; not of temporary tables
SELECT name, n.nspname::text AS schema, current_schema()::text AS current FROM unnest(%(names)s::text[]) AS name
JOIN pg_class c ON c.oid = to_regclass(name) JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname <> current_schema() AND n.oid <> pg_my_temp_schema()
ORDER BY name

-- parts: each of the given tables with its partitions: what holds its rows
WITH RECURSIVE parts AS (
    SELECT asked.name, c.oid
    FROM unnest(%(names)s::text[], %(schemas)s::text[], %(relations)s::text[]) AS asked (name, schema, relation)
    JOIN pg_namespace n ON n.nspname = coalesce(asked.schema, current_schema())::name
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.relation::name
    UNION
    SELECT parts.name, inhrelid FROM parts JOIN pg_inherits ON inhparent = parts.oid
)
SELECT parts.name, c.oid::bigint AS oid, n.nspname AS schema, c.relname AS relation,
       c.relkind = 'p' AS is_partitioned, c.relkind = 'f' AS is_foreign, coalesce(pg_relation_size(c.oid), 0) AS bytes
FROM parts JOIN pg_class c ON c.oid = parts.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f')
ORDER BY c.oid

-- number_of_tables: tables in the current schema that are no partitions and no records of migrations or runs
SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
AND relname <> 'django_migrations' AND NOT starts_with(relname, 'migrations_safety_')

-- columns: the columns of the given tables
SELECT a.attrelid::bigint AS table_oid, a.attname AS name, a.atttypid::bigint AS type_oid,
       a.atttypmod AS type_modifier,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN t.typtype = 'd' THEN (
           WITH RECURSIVE bare AS (
               SELECT t.typbasetype AS type, t.typtypmod AS modifier
               UNION ALL
               SELECT d.typbasetype, d.typtypmod FROM bare JOIN pg_type d ON d.oid = bare.type WHERE d.typtype = 'd'
           )
           SELECT format_type(bare.type, bare.modifier) FROM bare JOIN pg_type b ON b.oid = bare.type
           WHERE b.typtype <> 'd'
       ) ELSE format_type(a.atttypid, a.atttypmod) END AS base_type,
       NOT a.attnotnull OR EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = a.attrelid AND n.contype = 'n'
                                   AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated) AS nullable,
       pg_get_expr(d.adbin, d.adrelid) AS "default",
       a.attidentity <> '' AS identity, a.attgenerated <> '' AS generated,
       coalesce(co.collname, '') AS collation, coalesce(co.collisdeterministic, true) AS deterministic,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisvalid AND i.indpred IS NULL
               AND i.indkey[0] = a.attnum) AS indexed,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisvalid AND i.indisunique
               AND i.indimmediate AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS is_unique
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
WHERE a.attrelid = ANY(%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  AND NOT starts_with(a.attname, 'migrations_safety_kept_')
ORDER BY a.attrelid, a.attnum

-- invalid_indexes: the indexes of the current schema that no query uses, those that are being built left out
SELECT c.relname AS table, ic.relname AS name
FROM pg_index i
JOIN pg_class ic ON ic.oid = i.indexrelid AND ic.relkind = 'i'
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND n.nspname = current_schema()
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index building WHERE building.index_relid = i.indexrelid)
ORDER BY c.relname, ic.relname

-- foreign_keys: the foreign keys of the given tables, and those that their partitions have not from them
WITH RECURSIVE parts AS (
    SELECT oid AS root, oid, false AS is_partition FROM unnest(%(oids)s::oid[]) AS oid
    UNION
    SELECT parts.root, c.oid, true
    FROM parts JOIN pg_inherits ON inhparent = parts.oid JOIN pg_class c ON c.oid = inhrelid
    WHERE c.relispartition
)
SELECT parts.root::bigint AS table_oid, con.conname AS name,
       CASE WHEN parts.is_partition AND part_schema.nspname = 'public' THEN quote_ident(part.relname)
            WHEN parts.is_partition THEN format('%%I.%%I', part_schema.nspname, part.relname) ELSE '' END AS partition,
       ARRAY(SELECT a.attname::text FROM unnest(con.conkey) WITH ORDINALITY AS k(number, position)
             JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number ORDER BY k.position) AS columns,
       con.confrelid::bigint AS target_oid, target.relname AS target_table, target_schema.nspname AS target_schema,
       ARRAY(SELECT a.attname::text FROM unnest(con.confkey) WITH ORDINALITY AS k(number, position)
             JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.number
             ORDER BY k.position) AS target_columns,
       CASE con.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
                            WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END AS on_delete,
       CASE con.confupdtype WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
                            WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END AS on_update,
       con.confmatchtype = 's' AS is_match_simple, coalesce(cardinality(con.confdelsetcols), 0) AS set_columns,
       con.condeferrable AS deferrable, con.condeferred AS deferred, con.convalidated AS validated,
       coalesce((to_jsonb(con) ->> 'conenforced')::boolean, true) AS enforced,
       (WITH RECURSIVE of_key AS (
            SELECT con.oid
            UNION
            SELECT inherited.oid FROM of_key JOIN pg_constraint inherited ON inherited.conparentid = of_key.oid
        )
        SELECT coalesce(array_agg(format('ALTER TABLE %%s ENABLE TRIGGER %%I;', t.tgrelid::regclass, t.tgname)
                                  ORDER BY t.oid), '{}')
          FROM of_key JOIN pg_trigger t ON t.tgconstraint = of_key.oid WHERE t.tgenabled IN ('D', 'R')
       ) AS disabled_triggers
FROM parts
JOIN pg_constraint con ON con.conrelid = parts.oid
JOIN pg_class part ON part.oid = parts.oid
JOIN pg_namespace part_schema ON part_schema.oid = part.relnamespace
JOIN pg_class target ON target.oid = con.confrelid
JOIN pg_namespace target_schema ON target_schema.oid = target.relnamespace
WHERE con.contype = 'f' AND (con.conparentid = 0 OR NOT parts.is_partition)
  AND NOT EXISTS (SELECT FROM pg_constraint parent
                  WHERE parent.oid = con.conparentid AND parent.conrelid = con.conrelid)
ORDER BY parts.root, con.conrelid, con.conname

-- referencing: the tables with a key to one of the given tables
SELECT DISTINCT conrelid::bigint AS oid, conrelid::regclass::text AS name FROM pg_constraint
WHERE contype = 'f' AND confrelid = ANY(%(oids)s::oid[])

-- other_constraints: the primary keys, CHECK, UNIQUE and EXCLUDE constraints of the given tables
SELECT con.conrelid::bigint AS table_oid, con.conname AS name,
       CASE con.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'c' THEN 'CHECK' WHEN 'u' THEN 'UNIQUE'
                        WHEN 'x' THEN 'EXCLUDE' END AS kind,
       ARRAY(SELECT a.attname::text FROM unnest(con.conkey) WITH ORDINALITY AS k(number, position)
             JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number ORDER BY k.position) AS columns,
       CASE con.contype WHEN 'c' THEN pg_get_expr(con.conbin, con.conrelid)
                        ELSE pg_get_constraintdef(con.oid) END AS definition,
       con.convalidated AND coalesce((to_jsonb(con) ->> 'conenforced')::boolean, true) AS validated,
       con.condeferrable AS deferrable
FROM pg_constraint con
WHERE con.contype IN ('p', 'c', 'u', 'x') AND con.conrelid = ANY(%(oids)s::oid[])
ORDER BY con.conrelid, con.conname

-- enum_labels: the labels of an enum in their order, in its schema, else the current one; no row where it is not there
SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typname = %(relation)s::name AND n.nspname = coalesce(%(schema)s, current_schema())::name
ORDER BY e.enumsortorder

-- columns_of_type: the columns of tables that have a type of its schema, else the current one, or arrays of it
SELECT c.oid::bigint AS table_oid, c.oid::regclass::text AS table, a.attname AS column
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
JOIN pg_attribute a ON a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
WHERE t.typname = %(relation)s::name AND n.nspname = coalesce(%(schema)s, current_schema())::name
ORDER BY 2, 3

-- is_type: whether there is a type of that name in its schema, else the current one
SELECT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
               WHERE t.typname = %(relation)s::name AND n.nspname = coalesce(%(schema)s, current_schema())::name)

-- columns_named_alike: columns that end like a bare name, in the tables of the current schema but the given ones
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND NOT starts_with(a.attname, 'migrations_safety_kept_')
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND n.nspname = current_schema()
  AND c.oid <> ALL(%(oids)s::oid[]) AND NOT starts_with(c.relname, 'migrations_safety_')
  AND replace(lower(a.attname), '_', '') ~ ('(' || array_to_string(%(bare_names)s::text[], '|') || ')$')
  AND NOT EXISTS (SELECT FROM pg_constraint con
                  WHERE con.contype = 'f' AND con.conrelid = c.oid AND con.conkey = ARRAY[a.attnum])
ORDER BY c.relname, a.attname

-- partition_columns: the columns that a table and its partitions are partitioned by; its unique indexes must have them
SELECT DISTINCT coalesce(a.attname, 'an expression') FROM pg_partition_tree(%(oid)s::oid::regclass) AS tree
JOIN pg_partitioned_table p ON p.partrelid = tree.relid
CROSS JOIN LATERAL unnest(p.partattrs::int2[]) AS k (number)
LEFT JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.number AND k.number > 0

-- leaf_partitions: the partitions that hold rows, and whether the named key of each is valid; NULL where it has none
SELECT format('%%I.%%I', n.nspname, c.relname) AS name, con.convalidated AS validated
FROM pg_partition_tree(%(oid)s::oid::regclass) AS tree
JOIN pg_class c ON c.oid = tree.relid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint con ON con.conrelid = c.oid AND con.conname = %(key)s AND con.contype = 'f'
WHERE tree.isleaf AND tree.level > 0
ORDER BY n.nspname, c.relname
