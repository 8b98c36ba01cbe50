-- is_readable: whether there is a record of runs that the role may read
SELECT coalesce(has_table_privilege(to_regclass('migrations_safety_run'), 'SELECT'), false)

-- recorded: every archive that a run has made or stood on, with its checksum and level as of then, the newest first
SELECT path, sha256, proof, recorded_at
FROM (SELECT id, recorded_at, details -> 'counts' ->> 'archive' AS path, details -> 'counts' ->> 'sha256' AS sha256,
             details -> 'counts' ->> 'proof' AS proof
      FROM migrations_safety_run WHERE event = 'finished' AND details ->> 'command' = 'backup_database'
      UNION ALL
      SELECT id, recorded_at, details -> 'stands_on' -> 'backup' ->> 'name',
             details -> 'stands_on' -> 'backup' ->> 'checksum', details -> 'stands_on' -> 'backup' ->> 'proof'
      FROM migrations_safety_run
      WHERE event = 'started' AND details -> 'stands_on' -> 'backup' ->> 'kind' = 'archive') AS archives
WHERE path IS NOT NULL AND sha256 IS NOT NULL
ORDER BY id DESC LIMIT 100
