-- still_null: how many rows have no reference and had one, which is kept
SELECT count(*) FROM {table} AS child
WHERE child.{column} IS NULL
  AND child.{row_id}::text IN (SELECT row_id FROM migrations_safety_before_image
                               WHERE restored_run_id IS NULL AND table_name = %(table_name)s
                                 AND column_name = %(column_name)s)
