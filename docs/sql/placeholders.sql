-- backfill_placeholders: the work table, the function that makes a batch of parents, one batch.
-- Values are parameters: the range of the batch (%(after)s, %(upto)s), %(run_id)s and names.

CREATE TEMPORARY TABLE migrations_safety_work AS
WITH counted AS (
    SELECT spelling.value,
        count(*) FILTER (WHERE spelling.reference = 0) AS "rows_0",
        count(*) FILTER (WHERE spelling.reference = 1) AS "rows_1",
        count(*) FILTER (WHERE spelling.reference = 2) AS "rows_2",
        count(*) FILTER (WHERE spelling.reference = 3) AS "rows_3",
        count(*) FILTER (WHERE spelling.reference = 4) AS "rows_4",
        count(*) FILTER (WHERE spelling.reference = 5) AS "rows_5",
        count(*) FILTER (WHERE spelling.reference = 6) AS "rows_6",
        count(*) FILTER (WHERE spelling.reference = 7) AS "rows_7",
        count(*) FILTER (WHERE spelling.reference = 8) AS "rows_8"
    FROM (
        SELECT child."patientId"::uuid AS value, 2 AS reference FROM "public"."bills" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 4 AS reference FROM "public"."insurance_policies" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 1 AS reference FROM "public"."medical_records" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 7 AS reference FROM "public"."patient_allergies" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 3 AS reference FROM "public"."patient_consent_instances" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 5 AS reference FROM "public"."patient_contacts" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 6 AS reference FROM "public"."patient_documents" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 8 AS reference FROM "public"."patient_risk_flags" AS child
        UNION ALL
        SELECT child."patientId"::uuid AS value, 0 AS reference FROM "public"."surgical_cases" AS child
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
SELECT value, class, has_parent,
    NOT has_parent AND class = ANY ('{uuid_canonical,uuid_nonrfc,opaque,house_format,not_classed}') AS may_be_placed,
    0 + row_number() OVER (ORDER BY value) AS position
FROM classified WHERE value IS NOT NULL
ORDER BY value;

CREATE OR REPLACE FUNCTION pg_temp.migrations_safety_place(bigint, bigint) RETURNS SETOF bigint
LANGUAGE plpgsql AS $place$
BEGIN
    RETURN QUERY
        WITH placed AS (
            INSERT INTO "public"."patients" (
                "id",
                "mrn",
                "firstName",
                "lastName",
                "dateOfBirth",
                "dateOfBirthEstimated",
                "identityStatus",
                "allergyStatus",
                "status",
                "backfillRunId",
                "updatedAt"
            )
            SELECT
                orphan.value,
                'MRN-PLACEHOLDER-' || orphan.value,
                'Placeholder',
                'Patient',
                DATE '1900-01-01',
                true,
                'PLACEHOLDER',
                'UNKNOWN',
                'ACTIVE',
                '00000000-0000-0000-0000-000000000000',
                CURRENT_TIMESTAMP
            FROM pg_temp.migrations_safety_work AS orphan
            WHERE orphan.position > $1 AND orphan.position <= $2 AND orphan.may_be_placed ORDER BY orphan.position
            RETURNING "id" AS id
        ), "companion_0" AS (
            INSERT INTO "public"."patient_risk_flags" (
                "id",
                "patientId",
                "category",
                "code",
                "severity",
                "status",
                "updatedAt"
            )
            SELECT
                gen_random_uuid(),
                placed.id,
                'IDENTITY',
                'PLACEHOLDER_RECORD',
                'CRITICAL',
                'ACTIVE',
                CURRENT_TIMESTAMP
            FROM placed
        )
        SELECT count(*) FROM placed;
EXCEPTION WHEN unique_violation OR exclusion_violation THEN
    RETURN QUERY
        WITH placed AS (
            INSERT INTO "public"."patients" (
                "id",
                "mrn",
                "firstName",
                "lastName",
                "dateOfBirth",
                "dateOfBirthEstimated",
                "identityStatus",
                "allergyStatus",
                "status",
                "backfillRunId",
                "updatedAt"
            )
            SELECT
                orphan.value,
                'MRN-PLACEHOLDER-' || orphan.value,
                'Placeholder',
                'Patient',
                DATE '1900-01-01',
                true,
                'PLACEHOLDER',
                'UNKNOWN',
                'ACTIVE',
                '00000000-0000-0000-0000-000000000000',
                CURRENT_TIMESTAMP
            FROM pg_temp.migrations_safety_work AS orphan
            WHERE orphan.position > $1 AND orphan.position <= $2 AND orphan.may_be_placed ORDER BY orphan.position
            ON CONFLICT DO NOTHING
            RETURNING "id" AS id
        ), "companion_0" AS (
            INSERT INTO "public"."patient_risk_flags" (
                "id",
                "patientId",
                "category",
                "code",
                "severity",
                "status",
                "updatedAt"
            )
            SELECT
                gen_random_uuid(),
                placed.id,
                'IDENTITY',
                'PLACEHOLDER_RECORD',
                'CRITICAL',
                'ACTIVE',
                CURRENT_TIMESTAMP
            FROM placed
        )
        SELECT count(*) FROM placed;
END
$place$;

SELECT made FROM pg_temp.migrations_safety_place(%(after)s, %(upto)s) AS made;
