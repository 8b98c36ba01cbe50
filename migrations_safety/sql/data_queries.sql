-- counts: how many rows a table has, and how many of them fulfil each of some conditions, in one scan
SELECT {counts} FROM (SELECT {columns} FROM {table}) AS {alias}

-- rows: the number of rows
count(*)

-- count: the number of rows that fulfil one condition
count(*) FILTER (WHERE {condition})

-- any_row: a condition that all rows fulfil
true

-- converts: whether a type accepts all values of a column; an error says that it does not
SELECT count(({column})::{type}) FROM (SELECT {columns} FROM {table}) AS {alias}

-- duplicates: how many groups of rows have the same keys, and how many rows are in them
SELECT count(*), coalesce(sum(number), 0)::bigint FROM (
    SELECT count(*) AS number
    FROM (SELECT {keys} FROM (SELECT {columns} FROM {table}) AS {alias} WHERE {condition}) AS rows_of_index
    WHERE {nulls} GROUP BY {names} HAVING count(*) > 1
) AS groups

-- excluded: how many rows another row excludes
WITH found AS MATERIALIZED (
    SELECT {keys}, row_number() OVER () AS place
    FROM (SELECT {columns} FROM {table}) AS {alias} WHERE {condition}
) SELECT count(*) FROM found AS one
WHERE EXISTS (SELECT FROM found AS other WHERE other.place <> one.place AND {excludes})

-- orphans: how many rows refer to a row of the parent that does not exist
SELECT count(*) FROM (SELECT {keys} FROM (SELECT {columns} FROM {table}) AS {alias}) AS child
WHERE {partly} OR ({complete} AND NOT EXISTS (SELECT FROM {parent} AS parent WHERE {matches}))

-- orphans_of_none: how many rows refer to a parent that has no rows yet
SELECT count(*) FROM (SELECT {keys} FROM (SELECT {columns} FROM {table}) AS {alias}) AS child
WHERE {partly} OR {complete}

-- nulls_within: keys of which some but not all are NULL
num_nulls({names}) BETWEEN 1 AND {number} - 1

-- no_nulls: keys that are all not NULL
num_nulls({names}) = 0

-- readable: for each table whether it is there, whether the role may read it, and whether a policy hides rows
SELECT n.nspname, c.relname, has_table_privilege(c.oid, 'SELECT'), row_security_active(c.oid)
FROM unnest(%(schemas)s::text[], %(relations)s::text[]) AS asked (schema, relation)
JOIN pg_namespace AS n ON n.nspname = asked.schema JOIN pg_class AS c ON c.relnamespace = n.oid
WHERE c.relname = asked.relation

-- limit_time: how long each further statement of the transaction may take
SELECT set_config('statement_timeout', %(milliseconds)s, true)

-- time_limit: how long each statement may take now
SELECT current_setting('statement_timeout')
