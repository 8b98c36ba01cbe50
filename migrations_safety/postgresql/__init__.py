"""Everything about the server itself: its catalog, sessions and snapshots, poolers, a server of our own."""
