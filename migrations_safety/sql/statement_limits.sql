-- limit_lock_waits: limits each wait for a lock in this transaction, in milliseconds
SELECT set_config('lock_timeout', %(milliseconds)s, true)

-- lift_timeouts: lets a long statement of this transaction run to its end
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout')

-- transaction_id: the number of this transaction
SELECT pg_current_xact_id()::text

-- lock_timeout: how long this transaction waits for a lock
SELECT current_setting('lock_timeout')

-- session_timeouts: the values of the named timeouts, where this server has them
SELECT name, setting FROM pg_settings WHERE name = ANY (%(names)s)

-- set_session_timeout: sets one timeout of the session, in milliseconds
SELECT set_config(%(name)s, %(value)s, false)

-- lift_lock_timeout_of_role: lets this transaction wait where the role or the database sets a lock timeout
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name = 'lock_timeout' AND setting = reset_val AND setting <> '0'

-- savepoint: begins what can be undone without the rest of the transaction
SAVEPOINT migrations_safety_statement

-- undo: undoes what was done since the savepoint
ROLLBACK TO SAVEPOINT migrations_safety_statement

-- release: drops the savepoint
RELEASE SAVEPOINT migrations_safety_statement
