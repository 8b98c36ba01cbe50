-- one_column: one scan of a table that has one referencing column
SELECT child.{column}::{type} AS value, {number} AS reference FROM {table} AS child
{where}

-- several_columns: one scan of a table that has several referencing columns
SELECT several.value, several.reference
FROM {table} AS child CROSS JOIN LATERAL (VALUES {columns}) AS several (value, reference)
{where}

-- value: what a row refers to, in the type in which all ends are compared
child.{column}::{type}

-- by_bytes: what a row refers to, compared by its bytes: faster, for collations with the same order
{value} COLLATE "C"

-- or_null: rows without a reference too
OR {value} IS NULL

-- grouped: the wanted values of one index, each once with the number of its rows
SELECT {value} AS value, {number} AS reference, count(*) AS rows FROM {table} AS child
WHERE {wanted} GROUP BY 1

-- not_grouped: the rows of a column that has no index, beside grouped ones
SELECT {value} AS value, {number} AS reference, NULL::bigint AS rows FROM {table} AS child
WHERE {wanted} {or_null}

-- in_order: the rows of all scans, merged in the order of their values
SELECT every.value, every.reference FROM (
    {scans}
) AS every
WHERE {wanted}
ORDER BY every.value

-- piece: true once the rate allows this piece; its progress becomes the name of the session
(
    SELECT piece.begun FROM (
        SELECT set_config('application_name', {name_and_place}, true) AS begun,
            pg_sleep(greatest(0, {begins_after} - extract(epoch FROM clock_timestamp() - statement_timestamp())))
            AS slept
    ) AS piece
) IS NOT NULL

-- from_block: rows from that block on
child.ctid >= {first}::tid

-- before_block: rows before that block
child.ctid < {last}::tid

-- written_since: rows written by a transaction of that number or a later one
age(child.xmin) <= age({transaction}::xid)

-- from_value: values from a bound on
{value} >= {bound}

-- before_value: values before a bound
{value} < {bound}

-- without_value: rows without a reference
{value} IS NULL{bound}

-- bound: a value of a column that ANALYZE has kept; it never leaves the server
(
    SELECT (histogram_bounds::text::text[])[{number}]::{type} FROM pg_stats
    WHERE schemaname = {schema} AND tablename = {relation} AND attname = {column} AND NOT inherited
)

-- number_of_bounds: how many values ANALYZE has kept that split a column into equal parts
SELECT coalesce(array_length(histogram_bounds::text::text[], 1), 0) FROM pg_stats
WHERE schemaname = %(schema)s AND tablename = %(relation)s AND attname = %(column)s AND NOT inherited

-- value_and_number: one referencing column of a row
(child.{column}::{type}, {number})
