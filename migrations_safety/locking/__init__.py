"""How locks are taken: the deploy lock, the lock ladder (short waits with retries), and the watchdog.

The watchdog sees which sessions wait behind the migration, and cancels the migration's statement before they wait long.
"""
