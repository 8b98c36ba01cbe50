-- is_detach_pending: a row where a partition, both named as in a statement, is detached but for the FINALIZE
SELECT 1 FROM pg_inherits
WHERE inhparent = to_regclass(%(table)s) AND inhrelid = to_regclass(%(partition)s) AND inhdetachpending

-- finalize: finishes a detach that was interrupted
ALTER TABLE {table} DETACH PARTITION {partition} FINALIZE
