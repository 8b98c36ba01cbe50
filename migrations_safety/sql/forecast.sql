-- earlier_deploys: what the migrations of each deploy with a forecast took together, on the copy and in truth
SELECT deploy.place, migrations.measured, migrations.took
FROM (SELECT ended.id, started.details #>> '{stands_on,rehearsal,place}' AS place,
             ended.details #> '{counts,forecast}' AS forecast
      FROM migrations_safety_run AS ended JOIN migrations_safety_run AS started USING (run_id)
      WHERE started.event = 'started' AND ended.event <> 'started'
        AND jsonb_typeof(started.details #> '{stands_on,rehearsal,place}') = 'string'
        AND jsonb_typeof(ended.details #> '{counts,forecast}') = 'object') AS deploy
CROSS JOIN LATERAL (SELECT sum((one.value ->> 'measured')::float8) AS measured,
                           sum((one.value ->> 'took')::float8) AS took
                    FROM jsonb_each(deploy.forecast) AS one
                    WHERE one.key LIKE '%%.%%' AND (one.value ->> 'measured')::float8 >= %(shortest)s) AS migrations
WHERE migrations.took > 0 ORDER BY deploy.id DESC
