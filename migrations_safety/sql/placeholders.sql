-- make_function: makes the parents of one range of positions; where another session has made one of them, the others
CREATE OR REPLACE FUNCTION pg_temp.migrations_safety_place(bigint, bigint) RETURNS SETOF bigint
LANGUAGE plpgsql AS $place$
BEGIN
    RETURN QUERY
    {make_all};
EXCEPTION WHEN unique_violation OR exclusion_violation THEN
    RETURN QUERY
    {make_those_that_are_free};
END
$place$

-- place: one batch, and how many parents it made
SELECT made FROM pg_temp.migrations_safety_place(%(after)s, %(upto)s) AS made

-- make_placeholders: parents for one range of positions, each with its companions, in one statement
WITH placed AS (
    INSERT INTO {parent} (
        {columns}
    )
    SELECT
        {values}
    FROM pg_temp.migrations_safety_work AS orphan
    WHERE orphan.position > $1 AND orphan.position <= $2 AND orphan.may_be_placed ORDER BY orphan.position
    {where_free}
    RETURNING {parent_id} AS id
){companions}
SELECT count(*) FROM placed

-- where_free: leaves out what is there already; it costs a third more time
ON CONFLICT DO NOTHING

-- companion: a row beside each placeholder
, {name} AS (
    INSERT INTO {table} (
        {columns}
    )
    SELECT
        {values}
    FROM placed
)

-- unresolved: parents that are still placeholders
SELECT count(*) FROM {parent} WHERE {unresolved}

-- advance_sequence: lets the sequence of an id, if there is one, go on after the highest id
SELECT setval(sequence.name::regclass, highest.id)
FROM (SELECT pg_get_serial_sequence({parent_name}, {column}) AS name) AS sequence
CROSS JOIN (SELECT max({parent_id}) AS id FROM {parent}) AS highest
WHERE has_sequence_privilege(sequence.name::regclass, 'UPDATE')
  AND highest.id > coalesce(pg_sequence_last_value(sequence.name::regclass), 0)
