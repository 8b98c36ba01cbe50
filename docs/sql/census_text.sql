-- precheck counts text references: every distinct value is classified on the server, figures alone come back.

WITH counted AS (
    SELECT spelling.value,
        count(*) FILTER (WHERE spelling.reference = 0) AS "rows_0",
        count(*) FILTER (WHERE spelling.reference = 1) AS "rows_1",
        count(*) FILTER (WHERE spelling.reference = 2) AS "rows_2",
        count(*) FILTER (WHERE spelling.reference = 3) AS "rows_3",
        count(*) FILTER (WHERE spelling.reference = 4) AS "rows_4"
    FROM (
        SELECT child."patientId"::text AS value, 0 AS reference FROM "public"."bills" AS child
        UNION ALL
        SELECT child."patientId"::text AS value, 1 AS reference FROM "public"."insurance_policies" AS child
        UNION ALL
        SELECT child."patientId"::text AS value, 2 AS reference FROM "public"."medical_records" AS child
        UNION ALL
        SELECT child."patientId"::text AS value, 3 AS reference FROM "public"."patient_consent_instances" AS child
        UNION ALL
        SELECT child."patientId"::text AS value, 4 AS reference FROM "public"."surgical_cases" AS child
    ) AS spelling
    GROUP BY spelling.value
),
known AS (
    SELECT counted.*, parent."id" IS NOT NULL AS has_parent, false AS has_respelled_parent
    FROM counted
    LEFT JOIN ONLY "public"."patients" AS parent ON parent."id"::text = counted.value AND true
),
classified AS (
    SELECT known.*,
        CASE
            WHEN has_respelled_parent AND NOT has_parent THEN 'several_spellings'
            ELSE
                CASE
                    WHEN known.value IS NULL THEN NULL
                    WHEN known.value::text COLLATE "C" LIKE '________-____-____-____-____________'
                        AND pg_input_is_valid(known.value::text, 'uuid')
                        AND known.value::text = lower(known.value::text COLLATE "C") THEN
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
                    ELSE (
                        SELECT
                            CASE
                                WHEN u.uuid IS NOT NULL THEN
                                    CASE
                                        WHEN u.uuid COLLATE "C" LIKE ANY ('{______________4____8________________,______________4____9________________,______________4____a________________,______________4____b________________,______________7____8________________,______________7____9________________,______________7____a________________,______________7____b________________,______________1____8________________,______________1____9________________,______________1____a________________,______________1____b________________,______________2____8________________,______________2____9________________,______________2____a________________,______________2____b________________,______________3____8________________,______________3____9________________,______________3____a________________,______________3____b________________,______________5____8________________,______________5____9________________,______________5____a________________,______________5____b________________,______________6____8________________,______________6____9________________,______________6____a________________,______________6____b________________,______________8____8________________,______________8____9________________,______________8____a________________,______________8____b________________}')
                                            AND u.uuid <> '88888888-8888-8888-8888-888888888888' THEN 'uuid_noncanonical'
                                        WHEN u.uuid = '00000000-0000-0000-0000-000000000000' THEN 'uuid_nil'
                                        WHEN u.uuid = 'ffffffff-ffff-ffff-ffff-ffffffffffff' THEN 'uuid_max'
                                        WHEN left(u.uuid, 24) = '00000000-0000-0000-0000-' THEN 'uuid_test_pattern'
                                        WHEN left(u.uuid, 8) = repeat(left(u.uuid, 1), 8)
                                            AND replace(replace(u.uuid, '-', ''), left(u.uuid, 1), '') = '' THEN 'uuid_test_pattern'
                                        ELSE 'uuid_noncanonical'
                                    END
                                WHEN t.trimmed = '' THEN 'blank'
                                WHEN lower(t.trimmed COLLATE "C") = ANY ('{"null",undefined,none,nil,nan,n/a,na,unknown,test,default,tbd,-,?,0,-1,true,false,"[object object]"}') THEN 'sentinel_word'
                                WHEN false THEN
                                    CASE
                                        WHEN EXISTS (SELECT FROM "public"."patients" AS holder WHERE holder."mrn" = known.value::text COLLATE "default") THEN 'mrn_like'
                                        ELSE 'house_format'
                                    END
                                WHEN t.trimmed COLLATE "C" ~ '^[+-]?[0-9]{1,19}$' THEN 'integer'
                                WHEN EXISTS (SELECT FROM "public"."patients" AS holder WHERE holder."mrn" = known.value::text COLLATE "default")
                                    OR lower(t.trimmed COLLATE "C") ~ '^(mrn|medical record|record|patient|pat|pt|hn|uhid|emr|ehr|hosp|chart|file|mr|p|h|rec|reg|op|ip|opd|ipd)[ ./:#_-]*(no|nr|num|number|id)?[ ./:#_-]*([a-z]{0,4}[ ./:_-])?[0-9]+([ ./:_-][0-9a-z]{1,12}){0,3}$|^mrn[ ./:#_-]' THEN 'mrn_like'
                                WHEN known.value::text COLLATE "C" ~ '^(c[a-z0-9]{24}|[a-z][a-z0-9]{23}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-7][0-9a-hjkmnp-tv-z]{25}|[A-Za-z0-9_-]{21}|[0-9a-f]{24})$'
                                    AND known.value::text COLLATE "C" ~ '[0-9]|([a-z][A-Z].*){3}'
                                    AND known.value::text COLLATE "C" !~ '^([0-9]+[-_]*)*(([A-Z][a-z]+|[a-z]{2,}|[A-Z]{2,})[-_]*)+([0-9]+[-_]*)*$|^[0-9]+$|^(?=.{21}$)(.*([0-9][-_]?){9}|(([0-9]+|([A-Z][a-z]+|[a-z]{2,}|[A-Z]{2,})[0-9]*)[-_]+)+([0-9]+|([A-Z][a-z]+|[a-z]{2,}|[A-Z]{2,})[0-9]*)$)' THEN 'opaque'
                                WHEN known.value::text COLLATE "C" ~ '^([0-9A-Z]{4,12}(-[0-9A-Z]{4,12}){2,7}|[0-9a-z]{4,12}(-[0-9a-z]{4,12}){2,7})$'
                                    AND known.value::text COLLATE "C" ~ '([a-zA-Z][0-9]|[0-9][a-zA-Z])[0-9a-zA-Z]*-.*([a-zA-Z][0-9]|[0-9][a-zA-Z])'
                                    AND known.value::text COLLATE "C" ~ '[g-zG-Z]'
                                    AND length(replace(known.value::text, '-', '')) >= 18 THEN 'house_format'
                                ELSE 'other_text'
                            END
                        FROM (
                            SELECT regexp_replace(known.value::text COLLATE "C", E'^[\\s\\u0001-\\u0020\\u007f-\\u00a0\\u00ad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u2064\\u3000\\ufeff]+|[\\s\\u0001-\\u0020\\u007f-\\u00a0\\u00ad\\u1680\\u180e\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u2064\\u3000\\ufeff]+$', '', 'g') AS trimmed OFFSET 0
                        ) AS t
                        CROSS JOIN LATERAL (
                            SELECT
                                CASE
                                    WHEN lower(t.trimmed COLLATE "C") ~ (
                                        '^(urn:uuid:)?([{][0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}[}]'
                                        || '|[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12})$'
                                    ) THEN translate(replace(lower(t.trimmed COLLATE "C"), 'urn:uuid:', ''), '-{}', '')::uuid::text
                                END AS uuid
                            OFFSET 0
                        ) AS u
                    )
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
