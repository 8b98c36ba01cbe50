-- objects: the valid indexes and the constraints of tables with what they mean, where columns are numbers with types
WITH columns AS (
    SELECT attrelid, array_agg(attnum || ' ' || atttypid || ' ' || atttypmod ORDER BY attnum) AS types
    FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped GROUP BY attrelid
), tables AS (
    SELECT c.oid, columns.types FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN columns ON columns.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT i.indexrelid::bigint, i.indrelid::bigint, i.indrelid::regclass::text, 'index', c.relname::text,
       concat_ws(' / ', i.indkey::text, i.indclass::text, i.indoption::text, i.indcollation::text, i.indisunique,
                 i.indnullsnotdistinct, i.indnkeyatts, c.relam, c.reloptions::text),
       pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid),
       (SELECT string_agg(type, ',') FROM unnest(tables.types) AS type
        WHERE split_part(type, ' ', 1) = ANY (string_to_array(i.indkey::text, ' ')))
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN tables ON tables.oid = i.indrelid
WHERE i.indisvalid AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype <> 'f')
UNION ALL
SELECT k.oid::bigint, k.conrelid::bigint, k.conrelid::regclass::text,
       CASE k.contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END, k.conname::text,
       concat_ws(' / ', k.contype, k.conkey::text, k.confrelid, k.confkey::text, k.confupdtype, k.confdeltype,
                 k.confmatchtype, k.condeferrable, k.condeferred, k.convalidated, k.conexclop::text,
                 (SELECT i.indoption::text || i.indclass::text || i.indnullsnotdistinct FROM pg_index i
                  WHERE i.indexrelid = k.conindid AND k.contype <> 'f')),
       pg_get_expr(k.conbin, k.conrelid), NULL,
       (SELECT string_agg(type, ',') FROM unnest(tables.types) AS type
        WHERE split_part(type, ' ', 1) = ANY (string_to_array(array_to_string(k.conkey, ' '), ' ')))
FROM pg_constraint k JOIN tables ON tables.oid = k.conrelid
WHERE k.contype IN ('f', 'u', 'c', 'x', 'p') AND k.conparentid = 0
