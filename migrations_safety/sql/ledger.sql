-- create: the app's own tables, made when something is first written, as Django makes django_migrations
CREATE TABLE IF NOT EXISTS migrations_safety_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL,
    event text NOT NULL CHECK (event IN ('started', 'finished', 'failed')),
    recorded_at timestamptz NOT NULL,
    details jsonb NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE IF NOT EXISTS migrations_safety_before_image (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    row_id text NOT NULL,
    value text NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    restored_run_id uuid
);
CREATE INDEX IF NOT EXISTS migrations_safety_before_image_open_idx
    ON migrations_safety_before_image (table_name, column_name, id) WHERE restored_run_id IS NULL;
CREATE INDEX IF NOT EXISTS migrations_safety_before_image_row_idx
    ON migrations_safety_before_image (table_name, column_name, row_id, id)

-- refuse_changes: a function and triggers that let nobody change or remove an event by mistake
CREATE OR REPLACE FUNCTION migrations_safety_refuse_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'migrations_safety_run is append only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER migrations_safety_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migrations_safety_run
    FOR EACH STATEMENT EXECUTE FUNCTION migrations_safety_refuse_changes()

-- exists: true where the app's own tables are in the current schema
SELECT count(*) = 2 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relname IN ('migrations_safety_run', 'migrations_safety_before_image')

-- append: one event of a run, chained to the one before it by its hash
INSERT INTO migrations_safety_run (run_id, event, recorded_at, details, previous_hash, hash)
SELECT run_id, event, recorded_at, details, previous,
       encode(sha256(convert_to(concat_ws(' ', previous, run_id, event, extract(epoch FROM recorded_at), details), 'UTF8')), 'hex')
FROM (SELECT %(run_id)s::uuid AS run_id, %(event)s AS event, clock_timestamp() AS recorded_at,
             %(details)s::jsonb || jsonb_build_object('role', session_user, 'client', coalesce(host(inet_client_addr()), 'local socket'))
                 AS details,
             coalesce((SELECT hash FROM migrations_safety_run ORDER BY id DESC LIMIT 1), '') AS previous) AS record

-- events: all events in their order, whether each follows from the one before it, and whether its content is its own
SELECT id, run_id, event, recorded_at, details,
       previous_hash = coalesce(lag(hash) OVER (ORDER BY id), '') AS follows,
       hash = encode(sha256(convert_to(concat_ws(' ', previous_hash, run_id, event, extract(epoch FROM recorded_at), details),
                                       'UTF8')), 'hex') AS unchanged
FROM migrations_safety_run ORDER BY id

-- numbers_given: the last number that an event got, 0 where none did; more than the last event's means that some are gone
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('migrations_safety_run', 'id')::regclass), 0)

-- open_images: tables and columns with before-images that were not put back yet
SELECT table_name, column_name, count(*), min(id), max(id) FROM migrations_safety_before_image
WHERE restored_run_id IS NULL GROUP BY table_name, column_name ORDER BY table_name, column_name

-- rights: of some rights on tables in the current schema, whether the role has them, and whether row-level security hides rows from them; an id need not be given
SELECT CASE n.nspname WHEN 'public' THEN quote_ident(c.relname) ELSE format('%%I.%%I', n.nspname, c.relname) END AS name, asked.privilege,
       CASE asked.privilege
           WHEN 'INSERT' THEN (SELECT bool_and(has_column_privilege(c.oid, a.attnum, 'INSERT')) FROM pg_attribute a
                               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'id')
           WHEN 'UPDATE' THEN has_any_column_privilege(c.oid, 'UPDATE')
           ELSE has_table_privilege(c.oid, asked.privilege) END AS is_granted,
       row_security_active(c.oid) AND (
           EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive)
           OR NOT EXISTS (SELECT FROM pg_policy p CROSS JOIN LATERAL unnest(p.polroles) AS of_policy (role)
                          WHERE p.polrelid = c.oid AND (of_policy.role = 0 OR pg_has_role(of_policy.role, 'USAGE'))
                            AND p.polcmd::text IN ('*', CASE asked.privilege WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a'
                                                                             WHEN 'UPDATE' THEN 'w' ELSE 'd' END)
                            AND pg_get_expr(CASE asked.privilege WHEN 'INSERT' THEN coalesce(p.polwithcheck, p.polqual)
                                                                 ELSE p.polqual END, p.polrelid) = 'true')) AS is_hidden
FROM unnest(%(names)s::text[], %(rights)s::text[]) WITH ORDINALITY AS asked (name, privilege, position)
JOIN pg_class c ON c.relname = asked.name::name AND c.relkind IN ('r', 'p')
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
ORDER BY asked.position

-- unusable_sequences: sequences that tables in the current schema take default values from, and that the role may not use
SELECT CASE n.nspname WHEN 'public' THEN quote_ident(c.relname) ELSE format('%%I.%%I', n.nspname, c.relname) END AS name,
       CASE sn.nspname WHEN 'public' THEN quote_ident(s.relname) ELSE format('%%I.%%I', sn.nspname, s.relname) END AS sequence
FROM unnest(%(names)s::text[]) AS asked (name)
JOIN pg_class c ON c.relname = asked.name::name AND c.relkind IN ('r', 'p')
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
JOIN pg_attrdef v ON v.adrelid = c.oid
JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = v.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class s ON s.oid = d.refobjid
JOIN pg_namespace sn ON sn.oid = s.relnamespace
WHERE CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END
