-- here_and_now: the name of this database and the server's time
SELECT current_database()::text, clock_timestamp()

-- record_is_readable: whether there is a record of runs that the role may read
SELECT coalesce(has_table_privilege(to_regclass('migrations_safety_run'), 'SELECT'), false)

-- recorded: the path and the checksum of every archive that a run has made or stood on, the newest first
SELECT path, sha256
FROM (SELECT id, details -> 'counts' ->> 'archive' AS path, details -> 'counts' ->> 'sha256' AS sha256
      FROM migrations_safety_run WHERE event = 'finished' AND details ->> 'command' = 'backup_database'
      UNION ALL
      SELECT id, details -> 'stands_on' -> 'backup' ->> 'name', details -> 'stands_on' -> 'backup' ->> 'checksum'
      FROM migrations_safety_run
      WHERE event = 'started' AND details -> 'stands_on' -> 'backup' ->> 'kind' = 'archive') AS archives
WHERE path IS NOT NULL AND sha256 IS NOT NULL
ORDER BY id DESC LIMIT 100
