-- values_of_orphans: orphans, refused classes first, and values in very many rows; for --show-ids alone
SELECT class AS identifier_class, value::text AS value, {rows}::bigint AS rows FROM classified
WHERE {rows} > 0 AND class IS NOT NULL AND (NOT has_parent OR {rows} >= %(many)s)
ORDER BY class = ANY (%(allowed)s), {rows} DESC, value LIMIT %(limit)s
