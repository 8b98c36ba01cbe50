-- limit: to the end of the transaction no statement takes longer than a moment, and none waits long for a lock
SELECT set_config('statement_timeout', '1000ms', true), set_config('lock_timeout', '100ms', true)
