-- last: the last run of a command: its number, its arguments, and whether it has finished
SELECT e.run_id, e.details -> 'arguments',
       EXISTS (SELECT FROM migrations_safety_run f WHERE f.run_id = e.run_id AND f.event = 'finished')
FROM migrations_safety_run e
WHERE e.event = 'started' AND e.details ->> 'command' = %(command)s
ORDER BY e.id DESC LIMIT 1
