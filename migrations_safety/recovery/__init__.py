"""Back from a deploy: the rollback, which refuses to lose rows, and what else helps when a deploy has failed."""
