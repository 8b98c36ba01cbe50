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

-- restore: puts a range of before-images back, the newest of each row, where the reference is NULL and no key forbids
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
    UPDATE {table} AS child SET {column} = chosen.value FROM chosen WHERE child.{row_id} = chosen.row_id
    RETURNING chosen.image_id, child.{column}::text = chosen.value::text AS is_back  -- a trigger may have forbidden it
), marked AS (
    UPDATE migrations_safety_before_image AS image SET restored_run_id = %(run_id)s
    FROM restored WHERE image.id = restored.image_id AND is_back
)
SELECT count(*) FILTER (WHERE is_back) FROM restored

-- with_parent: only references whose parent is there, as a key demands it
AND EXISTS (SELECT FROM {target} AS parent WHERE parent.{target_column}::{type} = image.value::{column_type}::{type})
