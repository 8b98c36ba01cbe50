-- take_deploy_lock: true where this session has the deploy lock now
SELECT pg_try_advisory_lock(%(class)s, %(object)s)

-- take_deploy_lock_of_transaction: the same for this transaction alone, with which it goes
SELECT pg_try_advisory_xact_lock(%(class)s, %(object)s)

-- release_deploy_lock: gives the deploy lock back
SELECT pg_advisory_unlock(%(class)s, %(object)s)
