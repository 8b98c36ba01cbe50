-- The demo's hospital: as many rows in the five tables as the setting demo.rows says, the same at every run.
-- Patients are invented numbers turned into ids; some come often, some bills belong to nobody.

SELECT setseed(0.42);

CREATE FUNCTION pg_temp.patient_id(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
RETURN overlay(overlay(md5('patient ' || number) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid;

-- Each patient has one chart: a share of 20 % of the rows.
CREATE FUNCTION pg_temp.rows_of(percent integer) RETURNS bigint LANGUAGE sql STABLE
RETURN current_setting('demo.rows')::bigint * percent / 100;

-- A patient who comes to the hospital: most come a few times, some very often; one in fifty has lost the chart.
CREATE FUNCTION pg_temp.some_patient() RETURNS uuid LANGUAGE sql VOLATILE
RETURN pg_temp.patient_id(1 + floor(pg_temp.rows_of(20) * 1.02 * power(random(), 1.5))::bigint);

INSERT INTO users (id, email, "firstName", "lastName", "updatedAt")
SELECT gen_random_uuid(), 'staff' || n || '@hospital.example', 'Staff', 'Member ' || n, now()
FROM generate_series(1, 300) AS n;

INSERT INTO medical_records (id, "recordNumber", "patientId", status, "updatedAt")
SELECT gen_random_uuid(), 'MR-' || n, pg_temp.patient_id(n), CASE WHEN n % 40 = 0 THEN 'ARCHIVED' ELSE 'ACTIVE' END, now()
FROM generate_series(1, pg_temp.rows_of(20)) AS n;

INSERT INTO surgical_cases
    (id, "caseNumber", "patientId", "procedureName", status, "scheduledStartAt", "scheduledEndAt", "updatedAt")
SELECT gen_random_uuid(), 'SC-' || n, pg_temp.some_patient(), 'Procedure ' || n % 200, 'COMPLETED', day, day + interval '2 hours', now()
FROM generate_series(1, pg_temp.rows_of(15)) AS n, LATERAL (SELECT timestamptz '2020-01-06 08:00Z' + n % 2000 * interval '1 day') AS d(day);

-- The first forty bills came from an older system that wrote the nil UUID for "no patient"; every twelfth has none.
INSERT INTO bills (id, "billNumber", "patientId", status, "totalAmount", "updatedAt")
SELECT gen_random_uuid(), 'B-' || n,
    CASE WHEN n <= 40 THEN '00000000-0000-0000-0000-000000000000' WHEN n % 12 = 0 THEN NULL ELSE pg_temp.some_patient() END,
    CASE WHEN n % 9 = 0 THEN 'DRAFT' ELSE 'PAID' END, 500 + n % 9000, now()
FROM generate_series(1, pg_temp.rows_of(40)) AS n;

INSERT INTO patient_consent_instances (id, "instanceNumber", "templateId", "templateVersion", "patientId", status, "updatedAt")
SELECT gen_random_uuid(), 'C-' || n, gen_random_uuid(), '1.0', pg_temp.some_patient(), 'SIGNED', now()
FROM generate_series(1, pg_temp.rows_of(15)) AS n;

-- Policies of an employer name no patient.
INSERT INTO insurance_policies (id, "patientId", "payerName", "policyNumber", "effectiveDate", "updatedAt")
SELECT gen_random_uuid(), CASE WHEN n % 30 = 0 THEN NULL ELSE pg_temp.some_patient() END, 'Payer ' || n % 12, 'P-' || n, '2024-01-01', now()
FROM generate_series(1, pg_temp.rows_of(10)) AS n;

ANALYZE;
