-- bound_locks: no statement of this session waits long for a lock; SET itself reads no catalog that could be locked
SET lock_timeout = '500ms'

-- bound_statements: no statement of this session takes long
SET statement_timeout = '3s'

-- before: what the session had by default for each of these timeouts
SELECT name, reset_val FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')

-- unbound: no timeout ends the session between two statements
SET idle_in_transaction_session_timeout = 0

-- unbound_transaction: no timeout ends the look as a whole; PostgreSQL 17 and newer have one
SET transaction_timeout = 0

-- restore: one timeout as it was
SELECT set_config(%(name)s, %(value)s, false)
