-- standbys_and_archive: seconds by which the slowest standby lags, and whether the archiver's last try failed
SELECT (SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication)::float8,
       (SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver)
           AND current_setting('archive_mode') <> 'off'
