"""Kinds of findings of the area locks: who uses the tables now, and how long the plan locks them."""

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
        id="locks.E002",
        title="Lock is held longer than --max-stall",
        help=(
            "The migration holds a lock that stops writers, or readers too, for longer than `--max-stall`, even by the "
            "fastest estimate. The table is in use. `migrate` would cancel its own statement again and again, and end "
            "with exit code 2. Write the operation in the form that the hint names."
        ),
    ),
    FindingKind(
        id="locks.E003",
        title="Hot table is locked",
        help=(
            "The setting `MIGRATIONS_SAFETY_HOT_TABLES` names the table, and the migration takes a lock on it that "
            "stops writers, or readers too. This counts for any duration. Write an operation with a weaker lock, or "
            "accept the finding beside the migration, with a reason."
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
    FindingKind(
        id="locks.W004",
        title="Lock may be held longer than --max-stall",
        help=(
            "The migration holds a lock that stops writers, or readers too. By the slowest estimate it is held longer "
            "than `--max-stall`, by the fastest it is not. The table is in use. Then `migrate` may have to cancel its "
            "own statement. Write the operation in the form that the hint names, or migrate at a quiet hour."
        ),
    ),
    FindingKind(
        id="locks.W005",
        title="Duration of a lock is unknown",
        help=(
            "The migration holds a lock that stops writers, or readers too, and it is unknown for how long. Either "
            "Python code runs while the lock is held, or the size of a table is not known. Let the lock end before "
            "the code begins: put the two operations into two migrations."
        ),
    ),
    FindingKind(
        id="locks.W006",
        title="Rows stay locked while a statement writes",
        help=(
            "A statement writes rows of a large table in one transaction. Others who write one of these rows wait "
            "until that transaction ends. Write the rows in batches, each in a transaction of its own."
        ),
    ),
    FindingKind(
        id="locks.I001",
        title="Lock is short once granted",
        help=(
            "The migration takes a lock that stops writers, or readers too. Once granted, it is held for a short time. "
            "It still waits for the transactions that use the table, and new sessions queue behind it meanwhile. "
            "`migrate` lets them wait for `--max-stall` at most, then it gives way and tries again."
        ),
    ),
    FindingKind(
        id="locks.I002",
        title="Hot table is not in this database",
        help=(
            "The setting `MIGRATIONS_SAFETY_HOT_TABLES` names a table that neither exists in this database nor is "
            "created by the plan. Correct a name that is misspelt: it protects nothing. A table of another database "
            "of the project may stand there."
        ),
    ),
)
