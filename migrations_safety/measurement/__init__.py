"""What each statement of a plan locks, scans and rewrites, measured on a scratch database."""
