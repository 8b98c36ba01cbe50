-- in_recovery: whether this server is a standby
SELECT pg_is_in_recovery()

-- begin: one snapshot for all that this transaction reads; it writes nothing
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY

-- begin_inside: the same inside a transaction that has its snapshot already
SET TRANSACTION READ ONLY
