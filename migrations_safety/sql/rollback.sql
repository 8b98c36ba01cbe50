-- counts: how many rows of a table fulfil each of some conditions, in one reading
SELECT {counts} FROM {table}

-- count: one of them
count(*) FILTER (WHERE {condition})

-- any_row: of all rows
true

-- not_made_again: rows that no backfill makes anew
({made_again}) IS NOT TRUE

-- has_value: rows with anything in the column
{column} IS NOT NULL

-- has_another_value: and not what it was filled with when it was made
{column}::text COLLATE "C" <> {filling}

-- has_none: rows with nothing in it
{column} IS NULL

-- longer: values of more characters
char_length({column}::text) > {length}

-- more_digits: numbers with more digits before the point
abs(round({column}::numeric, {after_point})) >= 10::numeric ^ {before_point}

-- finer: numbers with more digits after it
{column}::numeric <> round({column}::numeric, {after_point})

-- beyond: numbers out of a range
{column} NOT BETWEEN {least} AND {most}

-- standing_on: views on a table or column that is dropped, and keys of other tables that lead to it
SELECT DISTINCT v.oid::regclass::text AS name,
       CASE v.relkind WHEN 'm' THEN 'a materialized view' ELSE 'a view' END AS kind,
       dropped.table_oid::bigint AS table_oid, dropped.column_name
FROM unnest(%(oids)s::oid[], %(columns)s::text[]) AS dropped (table_oid, column_name)
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = dropped.table_oid
                AND d.classid = 'pg_rewrite'::regclass
JOIN pg_rewrite r ON r.oid = d.objid
JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
LEFT JOIN pg_attribute a ON a.attrelid = dropped.table_oid AND a.attname = dropped.column_name
WHERE dropped.column_name IS NULL OR d.refobjsubid = a.attnum
UNION
SELECT con.conname, 'a foreign key of ' || con.conrelid::regclass::text, dropped.table_oid::bigint, dropped.column_name
FROM unnest(%(oids)s::oid[], %(columns)s::text[]) AS dropped (table_oid, column_name)
JOIN pg_constraint con ON con.confrelid = dropped.table_oid AND con.contype = 'f' AND con.conparentid = 0
LEFT JOIN pg_attribute a ON a.attrelid = dropped.table_oid AND a.attname = dropped.column_name
WHERE con.conrelid <> ALL (%(touched)s::oid[]) AND (dropped.column_name IS NULL OR a.attnum = ANY (con.confkey))
ORDER BY 1
