"""Kinds of findings of the area locks: who is using the tables now."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="locks.E001",
        title="Prepared transaction holds locks",
        help=(
            "A prepared transaction holds locks on the table until somebody ends it; no timeout does. End it "
            "with COMMIT PREPARED or ROLLBACK PREPARED."
        ),
    ),
    FindingKind(
        id="locks.W001",
        title="Long transaction uses the table",
        help=(
            "A session uses the table in a transaction that is idle or older than five seconds. `migrate` has "
            "to wait for it. Let it end, or end its session as the session's owner."
        ),
    ),
    FindingKind(
        id="locks.W002",
        title="Vacuum against wraparound is running",
        help=(
            "An autovacuum that prevents wraparound is running on the table. It does not give way to a "
            "migration, as other autovacuums do. Wait until it has finished."
        ),
    ),
    FindingKind(
        id="locks.W003",
        title="Age of other sessions is hidden",
        help=(
            "Sessions of other roles hold locks on the table, and this role may not see the age of their "
            "transactions. A long one would keep `migrate` waiting. Grant `pg_read_all_stats` to the role, then "
            "run `precheck` again."
        ),
    ),
)
