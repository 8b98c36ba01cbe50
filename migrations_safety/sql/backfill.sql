-- forget: drops the work table of an earlier pass in this session
DROP TABLE IF EXISTS pg_temp.migrations_safety_work

-- referenced: every referenced value with its class, numbered in its order, and whether a parent is to be made for it
{classified}
SELECT value, class, has_parent, NOT has_parent AND class = ANY ({allowed}) AS may_be_placed,
       {before} + row_number() OVER (ORDER BY value) AS position
FROM classified WHERE value IS NOT NULL
ORDER BY value

-- make_work: the work table, of the first values
CREATE TEMPORARY TABLE migrations_safety_work AS {referenced}

-- add_to_work: further values, which come after those in their order
INSERT INTO pg_temp.migrations_safety_work {referenced}

-- index_work: batches are ranges of positions
CREATE INDEX ON pg_temp.migrations_safety_work (position)

-- analyze_work: so that a batch is found by that index
ANALYZE pg_temp.migrations_safety_work

-- referenced_counts: values by class, and whether they have a parent
SELECT class, has_parent, count(*) FROM pg_temp.migrations_safety_work GROUP BY class, has_parent

-- make_function: makes the parents of one range of positions; where another session has made one of them, the others
CREATE OR REPLACE FUNCTION pg_temp.migrations_safety_place(bigint, bigint) RETURNS SETOF bigint LANGUAGE plpgsql AS $place$
BEGIN
    RETURN QUERY {make_all};
EXCEPTION WHEN unique_violation OR exclusion_violation THEN
    RETURN QUERY {make_those_that_are_free};
END
$place$

-- place: one batch, and how many parents it made
SELECT made FROM pg_temp.migrations_safety_place(%(after)s, %(upto)s) AS made

-- make_placeholders: parents for one range of positions, each with its companions, in one statement
WITH placed AS (
    INSERT INTO {parent} ({columns})
    SELECT {values} FROM pg_temp.migrations_safety_work AS orphan
    WHERE orphan.position > $1 AND orphan.position <= $2 AND orphan.may_be_placed ORDER BY orphan.position
    {where_free} RETURNING {parent_id} AS id
){companions}
SELECT count(*) FROM placed

-- where_free: leaves out what is there already; it costs a third more time
ON CONFLICT DO NOTHING

-- companion: a row beside each placeholder
, {name} AS (INSERT INTO {table} ({columns}) SELECT {values} FROM placed)

-- orphan_rows: the rows of one table whose reference has no parent, numbered
CREATE TEMPORARY TABLE migrations_safety_work AS
SELECT child.{row_id} AS row_id, row_number() OVER (ORDER BY child.{row_id}) AS position FROM {table} AS child
WHERE child.{column} IS NOT NULL
  AND NOT EXISTS (SELECT FROM {target} AS parent WHERE parent.{target_column}::{type} = child.{column}::{type})

-- nullify: sets one range of orphan references to NULL, after its before-images
WITH chosen AS (
    SELECT child.{row_id} AS row_id, child.{column} AS value
    FROM pg_temp.migrations_safety_work AS work JOIN {table} AS child ON child.{row_id} = work.row_id
    WHERE work.position > %(after)s AND work.position <= %(upto)s AND child.{column} IS NOT NULL
      AND NOT EXISTS (SELECT FROM {target} AS parent WHERE parent.{target_column}::{type} = child.{column}::{type})
    FOR UPDATE OF child
), nullified AS (
    UPDATE {table} AS child SET {column} = NULL FROM chosen WHERE child.{row_id} = chosen.row_id RETURNING chosen.*
), kept AS (
    INSERT INTO migrations_safety_before_image (run_id, table_name, column_name, row_id, value)
    SELECT %(run_id)s, %(table_name)s, %(column_name)s, row_id::text, value::text FROM nullified
)
SELECT count(*) FROM nullified

-- restore: puts one range of before-images, of each row the newest, back where the reference is NULL and no key forbids
WITH image AS MATERIALIZED (
    SELECT id, row_id, value FROM migrations_safety_before_image
    WHERE id > %(after)s AND id <= %(upto)s AND restored_run_id IS NULL
      AND table_name = %(table_name)s AND column_name = %(column_name)s
), chosen AS (
    SELECT image.id AS image_id, child.{row_id} AS row_id, image.value::{column_type} AS value
    FROM image JOIN {table} AS child ON child.{row_id} = image.row_id::{id_type}
    WHERE child.{column} IS NULL AND image.value::{column_type}::text = image.value {with_parent}
      AND NOT EXISTS (SELECT FROM migrations_safety_before_image AS newer
                      WHERE newer.table_name = %(table_name)s AND newer.column_name = %(column_name)s
                        AND newer.row_id = image.row_id AND newer.id > image.id)
    FOR UPDATE OF child
), restored AS (
    UPDATE {table} AS child SET {column} = chosen.value FROM chosen WHERE child.{row_id} = chosen.row_id RETURNING 1
), marked AS (
    UPDATE migrations_safety_before_image AS image SET restored_run_id = %(run_id)s
    FROM chosen WHERE image.id = chosen.image_id
)
SELECT count(*) FROM restored

-- with_parent: only references whose parent is there, as a key demands it
AND EXISTS (SELECT FROM {target} AS parent WHERE parent.{target_column}::{type} = image.value::{column_type}::{type})

-- unresolved: parents that are still placeholders
SELECT count(*) FROM {parent} WHERE {unresolved}

-- advance_sequence: lets the sequence of an id, if there is one, go on after the highest id
SELECT setval(sequence.name::regclass, highest.id)
FROM (SELECT pg_get_serial_sequence({parent_name}, {column}) AS name) AS sequence
CROSS JOIN (SELECT max({parent_id}) AS id FROM {parent}) AS highest
WHERE has_sequence_privilege(sequence.name::regclass, 'UPDATE')
  AND highest.id > coalesce(pg_sequence_last_value(sequence.name::regclass), 0)
