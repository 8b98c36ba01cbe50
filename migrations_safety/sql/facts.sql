-- limit: to the end of the transaction no statement takes longer than that, and none waits long for a lock
SELECT set_config('statement_timeout', %(milliseconds)s, true), set_config('lock_timeout', '100ms', true)
