"""How locks are taken: the deploy lock, the lock ladder, and the watchdog that sees which sessions wait behind us."""
