-- count: distinct values and rows of one reference that have no parent
SELECT count(DISTINCT child.{column}), count(*) FROM {table} AS child
WHERE child.{column} IS NOT NULL
  AND NOT EXISTS (SELECT FROM {target} AS parent WHERE parent.{target_column}::{type} = child.{column}::{type})
