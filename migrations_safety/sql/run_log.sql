-- create_runs: the record of runs, made when something is first written, as Django makes django_migrations
CREATE TABLE IF NOT EXISTS migrations_safety_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL,
    event text NOT NULL CHECK (event IN ('started', 'finished', 'failed')),
    recorded_at timestamptz NOT NULL,
    details jsonb NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL
)

-- create_before_images: the old values of changed rows
CREATE TABLE IF NOT EXISTS migrations_safety_before_image (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    row_id text NOT NULL,
    value text NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    restored_run_id uuid
)

-- index_open_images: finds the before-images that were not put back yet
CREATE INDEX IF NOT EXISTS migrations_safety_before_image_open_idx
    ON migrations_safety_before_image (table_name, column_name, id) WHERE restored_run_id IS NULL

-- index_images_of_rows: finds the before-images of one row
CREATE INDEX IF NOT EXISTS migrations_safety_before_image_row_idx
    ON migrations_safety_before_image (table_name, column_name, row_id, id)

-- make_refusal: a function that lets nobody change or remove an event by mistake
CREATE OR REPLACE FUNCTION migrations_safety_refuse_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'migrations_safety_run is append only' USING ERRCODE = 'insufficient_privilege';
END $$

-- refuse_changes: calls that function before every change of the record
CREATE OR REPLACE TRIGGER migrations_safety_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migrations_safety_run
    FOR EACH STATEMENT EXECUTE FUNCTION migrations_safety_refuse_changes()

-- exists: true where the app's own tables are in the current schema
SELECT count(*) = 2 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relname IN ('migrations_safety_run', 'migrations_safety_before_image')

-- refuses_changes: true where that trigger is there and enabled
SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'migrations_safety_run'::regclass
               AND tgname = 'migrations_safety_append_only' AND tgenabled <> 'D')

-- append: one event of a run, chained to the one before it by its hash
INSERT INTO migrations_safety_run (run_id, event, recorded_at, details, previous_hash, hash)
SELECT run_id, event, recorded_at, details, previous,
       encode(sha256(convert_to(concat_ws(' ', previous, run_id, event, extract(epoch FROM recorded_at), details),
                                'UTF8')), 'hex')
FROM (SELECT %(run_id)s::uuid AS run_id, %(event)s AS event, clock_timestamp() AS recorded_at,
             %(details)s::jsonb || jsonb_build_object(
                 'role', session_user, 'client', coalesce(host(inet_client_addr()), 'local socket')) AS details,
             coalesce((SELECT hash FROM migrations_safety_run ORDER BY id DESC LIMIT 1), '') AS previous) AS record

-- events: all events in their order, whether each follows from the one before it, and whether its content is its own
SELECT id, run_id, event, recorded_at, details,
       previous_hash = coalesce(lag(hash) OVER (ORDER BY id), '') AS follows,
       hash = encode(sha256(convert_to(
           concat_ws(' ', previous_hash, run_id, event, extract(epoch FROM recorded_at), details), 'UTF8')), 'hex')
           AS unchanged
FROM migrations_safety_run ORDER BY id

-- sources: the newest source text of each migration that a run was to apply
SELECT DISTINCT ON (source.key) source.key, source.value
FROM migrations_safety_run AS run CROSS JOIN jsonb_each_text(run.details -> 'sources') AS source
WHERE run.event = 'started' AND jsonb_typeof(run.details -> 'sources') = 'object' ORDER BY source.key, run.id DESC

-- numbers_given: the last number that an event got, 0 where none did; events are gone where the last has a lower one
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('migrations_safety_run', 'id')::regclass), 0)

-- open_images: tables and columns with before-images that were not put back yet
SELECT table_name AS table, column_name AS column, count(*) AS count, min(id) AS first, max(id) AS last
FROM migrations_safety_before_image
WHERE restored_run_id IS NULL GROUP BY table_name, column_name ORDER BY table_name, column_name

-- one_at_a_time: waits until no other run makes the tables, until the end of the transaction
SELECT pg_advisory_xact_lock(hashtext('migrations_safety record of runs'))
