-- exist: true where steps were ever recorded, and the role may read them
SELECT coalesce(has_schema_privilege(to_regnamespace('migrations_safety_kept'), 'USAGE')
                AND has_table_privilege(to_regclass('migrations_safety_kept.step'), 'SELECT'), false)

-- create: the operations of migrations that are not one transaction
CREATE TABLE IF NOT EXISTS migrations_safety_kept.step (
    schema_name text NOT NULL DEFAULT current_schema(),
    migration text NOT NULL,
    number integer NOT NULL,
    is_backwards boolean NOT NULL,
    checksum text NOT NULL,
    texts integer NOT NULL,
    state text NOT NULL CHECK (state IN ('begun', 'between', 'done')),
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (schema_name, migration, number)
)

-- note: where an operation stands
INSERT INTO migrations_safety_kept.step (migration, number, is_backwards, checksum, texts, state)
VALUES (%(migration)s, %(number)s, %(is_backwards)s, %(checksum)s, %(texts)s, %(state)s)
ON CONFLICT (schema_name, migration, number) DO UPDATE
SET is_backwards = excluded.is_backwards, checksum = excluded.checksum, texts = excluded.texts, state = excluded.state,
    noted_at = clock_timestamp()

-- noted: the steps of the migrations of this schema
SELECT migration, is_backwards, number, checksum, texts, state
FROM migrations_safety_kept.step
WHERE schema_name = current_schema() ORDER BY migration, number

-- forget: the steps of one migration
DELETE FROM migrations_safety_kept.step WHERE schema_name = current_schema() AND migration = %(migration)s
