-- runs: the first and the last event of each of the last runs, the newest first
SELECT first.run_id::text AS run_id, first.recorded_at AS started_at, first.details - 'sources' AS asked,
       last.event AS event, last.recorded_at AS ended_at, last.details - 'sources' AS told
FROM (SELECT * FROM migrations_safety_run WHERE event = 'started' ORDER BY id DESC LIMIT 200) AS first
CROSS JOIN LATERAL (SELECT * FROM migrations_safety_run e
                    WHERE e.run_id = first.run_id ORDER BY e.id DESC LIMIT 1) AS last
ORDER BY first.id DESC
