"""Kinds of findings of the area target: the server, the database, the schema and the session."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="target.E001",
        title="Wrong database",
        help=(
            "The connected database is not the one that `--expect-database` names. Correct `DATABASE_URL` or "
            "`PGDATABASE`, or correct the option."
        ),
    ),
    FindingKind(
        id="target.E002",
        title="Standby cannot be migrated",
        help="The database is a standby, and the command has to write. Run the command on the primary.",
    ),
    FindingKind(
        id="target.E003",
        title="Server is too old",
        help=(
            "The server is older than PostgreSQL 15, the oldest version that is supported. Upgrade the server first."
        ),
    ),
    FindingKind(
        id="target.E004",
        title="Another deploy is running",
        help=(
            "Another `migrate` or `backfill_placeholders` holds the deploy lock of this database. Wait until that "
            "command has finished, then run this command again."
        ),
    ),
    FindingKind(
        id="target.E005",
        title="Pooler in transaction mode",
        help=(
            "The connection goes through a pooler that does not keep one server session per client. Session settings"
            " and advisory locks do not work through such a pooler. Connect to PostgreSQL itself (`PGHOST`, `PGPORT`"
            " or `DATABASE_URL`), or to a pool in session mode."
        ),
    ),
    FindingKind(
        id="target.E006",
        title="Standby cancelled the queries",
        help=(
            "The standby cancelled the queries of this command three times, because it had to replay changes that "
            "conflict with the command's snapshot. The result is unknown. On the standby, set `hot_standby_feedback "
            "= on` or raise `max_standby_streaming_delay`. Or make the command faster with more `--jobs`, or run it "
            "on the primary."
        ),
    ),
    FindingKind(
        id="target.E007",
        title="No usable schema in the search_path",
        help=(
            "The `search_path` of the role names no schema that exists, or it begins with one of PostgreSQL's own "
            "schemas. So there is no schema that could be checked or in which tables could be created. The hint has "
            "the command that changes the `search_path` where it is set."
        ),
    ),
    FindingKind(
        id="target.E008",
        title="Wrong schema",
        help=(
            "New tables would be created in another schema than the one that `--expect-schema` names. Correct the "
            "`search_path` or the option."
        ),
    ),
    FindingKind(
        id="target.E009",
        title="Table django_migrations is in another schema",
        help=(
            "Django's table `django_migrations` is in one schema, but new tables would be created in another one. "
            "Django would then use the migration history of the one schema for the other one. Decide which of the "
            "two schemas is meant, and correct the `search_path` as the hint says."
        ),
    ),
    FindingKind(
        id="target.E010",
        title="Migration writes through another database alias",
        help=(
            "The code of a migration tried to write through the alias of another database, and "
            "`--expect-database` was given. The statement was not sent, and the migration was not applied. Use "
            "`schema_editor.connection.alias` in the migration's code."
        ),
    ),
    FindingKind(
        id="target.E011",
        title="New sessions are read-only",
        help=(
            "The server is no standby, but the setting `default_transaction_read_only` makes every new session of "
            "this role read-only, so `migrate` cannot write. Find out why it was set. If the database may be written,"
            " reset it with the statement of the hint."
        ),
    ),
    FindingKind(
        id="target.E012",
        title="Table is spread over the workers of Citus",
        help=(
            "Citus distributes the table by a column, or has made a reference table of it. Such tables are not "
            "supported yet: a key of a distributed table must contain its distribution column, and a foreign key to "
            "one must lead to the same node. Keep the tables in a distributed schema (`citus_schema_distribute`), or "
            "apply the migration by hand."
        ),
    ),
    FindingKind(
        id="target.E013",
        title="Tables were emptied or rewritten while they were read",
        help=(
            "Another session ran TRUNCATE or an ALTER TABLE that rewrites, after this command took its snapshot and "
            "before it first looked at the table. Such a snapshot sees a table without any row, so every count would be"
            " 0. It read three times, and each time that happened. Run the same command again when no other migration "
            "or maintenance is at work."
        ),
    ),
    FindingKind(
        id="target.W001",
        title="Database is a standby",
        help="The database is a standby. It can be checked, but `migrate` has to run on the primary.",
    ),
    FindingKind(
        id="target.W002",
        title="Timeout may cancel long statements",
        help=(
            "A timeout is set for this role or session, but counting or validating a large table may take longer. "
            "Set the timeout to 0 for the role, or for one run."
        ),
    ),
    FindingKind(
        id="target.W003",
        title="Another deploy is running now",
        help=(
            "Another `migrate` or `backfill_placeholders` is running, so the counted rows are changing. Wait until "
            "that command has finished, then run `precheck` again."
        ),
    ),
    FindingKind(
        id="target.W004",
        title="Role may not use the first schema of the search_path",
        help=(
            "The `search_path` begins with a schema that the role may not use. PostgreSQL skips that schema silently"
            " and uses a later one. If the skipped schema is the right one, grant USAGE on it to the role. Otherwise"
            " remove it from the `search_path`."
        ),
    ),
    FindingKind(
        id="target.I001",
        title="Checked inside an open transaction",
        help=(
            "`precheck` ran inside a transaction that was already open. Unless that transaction is REPEATABLE READ, "
            "the counts do not come from one snapshot: a row that another session commits meanwhile may be in one "
            "count and not in another. Run `precheck` outside of a transaction."
        ),
    ),
    FindingKind(
        id="target.I002",
        title="Database was made from the migrations",
        help=(
            "With `--embedded` the plan is checked on a PostgreSQL that was started for it, with the tables that the "
            "earlier migrations make. It has no rows. So the plan alone is judged: which rows forbid it, and how long "
            "a lock is held, is known on the real database only."
        ),
    ),
    FindingKind(
        id="target.I003",
        title="Earlier migration was not applied whole",
        help=(
            "With `--embedded` an operation of an earlier migration failed on the PostgreSQL that was started, and "
            "was passed over: code, SQL, or an extension that is not installed there. If the plan needs what it "
            "makes, other findings may follow from that."
        ),
    ),
    FindingKind(
        id="target.I004",
        title="Database is a coordinator of Citus",
        help=(
            "The database is the coordinator of a Citus cluster. The tables of a distributed schema are together on "
            "one worker. The commands count and migrate through the coordinator, which shows neither the sizes nor "
            "the traffic nor the locks of tables on a worker."
        ),
    ),
)
