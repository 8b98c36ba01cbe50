-- is_committed: true where that transaction was, whatever became of the statements after it
SELECT pg_xact_status(%(transaction)s::xid8) = 'committed'
