-- backfill_placeholders --nullify bills: the work table, then one batch that keeps what it sets to NULL.
-- --restore-nullified: one batch put back.
-- Values are parameters: the range of the batch (%(after)s, %(upto)s), %(run_id)s and names.

CREATE TEMPORARY TABLE migrations_safety_work AS
SELECT child."id" AS row_id, row_number() OVER (ORDER BY child."id") AS position FROM "public"."bills" AS child
WHERE child."patientId" IS NOT NULL
    AND NOT EXISTS (SELECT FROM ONLY "public"."patients" AS parent WHERE parent."id"::text = child."patientId"::text);

WITH chosen AS (
    SELECT child."id" AS row_id, child."patientId" AS value
    FROM pg_temp.migrations_safety_work AS work JOIN "public"."bills" AS child ON child."id" = work.row_id
    WHERE work.position > %(after)s AND work.position <= %(upto)s AND child."patientId" IS NOT NULL
        AND NOT EXISTS (SELECT FROM ONLY "public"."patients" AS parent WHERE parent."id"::text = child."patientId"::text)
    FOR UPDATE OF child
), nullified AS (
    UPDATE "public"."bills" AS child SET "patientId" = NULL FROM chosen WHERE child."id" = chosen.row_id RETURNING chosen.*
), kept AS (
    INSERT INTO migrations_safety_before_image (run_id, table_name, column_name, row_id, value)
    SELECT %(run_id)s, %(table_name)s, %(column_name)s, row_id::text, value::text FROM nullified
)
SELECT count(*) FROM nullified;

WITH image AS MATERIALIZED (
    SELECT id, row_id, value FROM migrations_safety_before_image
    WHERE id > %(after)s AND id <= %(upto)s AND restored_run_id IS NULL
        AND table_name = %(table_name)s AND column_name = %(column_name)s
), chosen AS (
    SELECT image.id AS image_id, child."id" AS row_id, image.value::text AS value
    FROM image JOIN "public"."bills" AS child ON child."id" = image.row_id::text
    WHERE child."patientId" IS NULL AND image.value::text::text = image.value
        AND NOT EXISTS (SELECT FROM migrations_safety_before_image AS newer
            WHERE newer.table_name = %(table_name)s AND newer.column_name = %(column_name)s
                AND newer.row_id = image.row_id AND newer.id > image.id)
    FOR UPDATE OF child
), restored AS (
    UPDATE "public"."bills" AS child SET "patientId" = chosen.value FROM chosen WHERE child."id" = chosen.row_id
    RETURNING chosen.image_id, child."patientId"::text = chosen.value::text AS is_back -- a trigger may have forbidden it
), marked AS (
    UPDATE migrations_safety_before_image AS image SET restored_run_id = %(run_id)s
    FROM restored WHERE image.id = restored.image_id AND is_back
)
SELECT count(*) FILTER (WHERE is_back) FROM restored;
