"""Everything about the PostgreSQL server: its catalog, sessions, snapshots, poolers, and an embedded server."""
