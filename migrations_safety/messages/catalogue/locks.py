"""Kinds of findings of the area locks: the sessions and transactions that use the tables now."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="locks.E001",
        title="Prepared transaction holds locks",
        help=(
            "A prepared transaction holds locks on the table until somebody ends it, because no timeout applies to "
            "it. End the transaction with COMMIT PREPARED or ROLLBACK PREPARED."
        ),
    ),
    FindingKind(
        id="locks.W001",
        title="Long transaction uses the table",
        help=(
            "A session uses the table in a transaction that is idle or older than five seconds. `migrate` has to "
            "wait for that transaction. Let the transaction end, or end the session as the role that owns it."
        ),
    ),
    FindingKind(
        id="locks.W002",
        title="Vacuum against wraparound is running",
        help=(
            "An autovacuum that prevents transaction ID wraparound is running on the table. Unlike other "
            "autovacuums, it does not give way to a migration. Wait until the autovacuum has finished."
        ),
    ),
    FindingKind(
        id="locks.W003",
        title="Age of other transactions is hidden",
        help=(
            "Sessions of other roles hold locks on the table, and this role may not see how old their transactions "
            "are. A long transaction would keep `migrate` waiting. Grant `pg_read_all_stats` to the role, then run "
            "`precheck` again."
        ),
    ),
)
