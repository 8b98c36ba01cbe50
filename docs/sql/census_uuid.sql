-- precheck counts uuid references: each table is read once, by several processes of the server.

WITH counted AS (
    SELECT spelling.value,
        count(*) FILTER (WHERE spelling.reference = 0) AS "rows_0",
        count(*) FILTER (WHERE spelling.reference = 1) AS "rows_1",
        count(*) FILTER (WHERE spelling.reference = 2) AS "rows_2",
        count(*) FILTER (WHERE spelling.reference = 3) AS "rows_3",
        count(*) FILTER (WHERE spelling.reference = 4) AS "rows_4"
    FROM (
        SELECT child."patientId"::uuid AS value, 0 AS reference FROM "public"."bills" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 1 AS reference FROM "public"."insurance_policies" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 2 AS reference FROM "public"."medical_records" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 3 AS reference FROM "public"."patient_consent_instances" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 4 AS reference FROM "public"."surgical_cases" AS child
    ) AS spelling
    GROUP BY spelling.value
),
known AS (
    SELECT counted.*, parent."id" IS NOT NULL AS has_parent, false AS has_respelled_parent
    FROM counted
    LEFT JOIN ONLY "public"."patients" AS parent ON parent."id"::uuid = counted.value AND true
),
classified AS (
    SELECT known.*,
        CASE
            WHEN has_respelled_parent AND NOT has_parent THEN 'several_spellings'
            ELSE
                CASE
                    WHEN known.value IS NOT NULL THEN
                        CASE
                            WHEN known.value::text COLLATE "C" LIKE ANY ('{______________4____8________________,______________4____9________________,______________4____a________________,______________4____b________________,______________7____8________________,______________7____9________________,______________7____a________________,______________7____b________________,______________1____8________________,______________1____9________________,______________1____a________________,______________1____b________________,______________2____8________________,______________2____9________________,______________2____a________________,______________2____b________________,______________3____8________________,______________3____9________________,______________3____a________________,______________3____b________________,______________5____8________________,______________5____9________________,______________5____a________________,______________5____b________________,______________6____8________________,______________6____9________________,______________6____a________________,______________6____b________________,______________8____8________________,______________8____9________________,______________8____a________________,______________8____b________________}')
                                AND known.value::text <> '88888888-8888-8888-8888-888888888888' THEN 'uuid_canonical'
                            WHEN known.value::text = '00000000-0000-0000-0000-000000000000' THEN 'uuid_nil'
                            WHEN known.value::text = 'ffffffff-ffff-ffff-ffff-ffffffffffff' THEN 'uuid_max'
                            WHEN left(known.value::text, 24) = '00000000-0000-0000-0000-' THEN 'uuid_test_pattern'
                            WHEN left(known.value::text, 8) = repeat(left(known.value::text, 1), 8)
                                AND replace(replace(known.value::text, '-', ''), left(known.value::text, 1), '') = '' THEN 'uuid_test_pattern'
                            ELSE 'uuid_nonrfc'
                        END
                END
        END AS class
    FROM known
    OFFSET 0
)
SELECT class, has_parent, count(*) AS values,
    count(*) FILTER (WHERE "rows_0" > 0) AS "values_0", sum("rows_0")::bigint AS "rows_0", max("rows_0") AS "most_rows_0",
    count(*) FILTER (WHERE "rows_1" > 0) AS "values_1", sum("rows_1")::bigint AS "rows_1", max("rows_1") AS "most_rows_1",
    count(*) FILTER (WHERE "rows_2" > 0) AS "values_2", sum("rows_2")::bigint AS "rows_2", max("rows_2") AS "most_rows_2",
    count(*) FILTER (WHERE "rows_3" > 0) AS "values_3", sum("rows_3")::bigint AS "rows_3", max("rows_3") AS "most_rows_3",
    count(*) FILTER (WHERE "rows_4" > 0) AS "values_4", sum("rows_4")::bigint AS "rows_4", max("rows_4") AS "most_rows_4"
FROM classified GROUP BY class, has_parent;
