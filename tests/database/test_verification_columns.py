"""Each kind of difference in tables, columns and enums is made by hand and found by its definition."""

import pytest

from tests.support.verification_findings import found

MOVE_STATUS = "ALTER TABLE patients ALTER status DROP DEFAULT, ALTER status TYPE {type} USING status::text::{type}"
OTHER_ENUM = "; ".join(
    [
        'ALTER TYPE "PatientStatus" RENAME TO other',
        'CREATE TYPE "PatientStatus" AS ENUM ({labels})',
        MOVE_STATUS.format(type='"PatientStatus"'),
        "ALTER TABLE patients ALTER status SET DEFAULT 'ACTIVE'",
        "DROP TYPE other",
    ]
)
DECLARED_LABELS = "is declared as an enum of ACTIVE, INACTIVE, DECEASED, ARCHIVED"

DIFFERENCES = {
    "a missing table": (
        "DROP TABLE patient_merge_history",
        {"schema.E001 patient_merge_history is declared as a table, but does not exist."},
    ),
    "an unlogged table": (
        "ALTER TABLE patient_merge_history SET UNLOGGED",
        {"schema.E002 patient_merge_history is declared as a table, but is an unlogged one."},
    ),
    "a missing column": (
        "ALTER TABLE patient_contacts DROP relationship",
        {'schema.E003 patient_contacts."relationship" is declared as varchar(50), but does not exist.'},
    ),
    "an extra column": (
        "ALTER TABLE patients ADD nickname varchar(7)",
        {'schema.E004 patients."nickname" is not declared, but exists as a column of type character varying(7).'},
    ),
    "another type": (
        "ALTER TABLE patients ALTER version TYPE bigint",
        {'schema.E005 patients."version" is declared as integer, but is bigint.'},
    ),
    "text for varchar": (
        "ALTER TABLE patients ALTER city TYPE text",
        {'schema.E005 patients."city" is declared as varchar(100), but is text.'},
    ),
    "another length": (
        "ALTER TABLE patients ALTER city TYPE varchar(99)",
        {'schema.E005 patients."city" is declared as varchar(100), but is character varying(99).'},
    ),
    "another precision": (
        'ALTER TABLE patients ALTER "updatedAt" TYPE timestamptz(3)',
        {'schema.E005 patients."updatedAt" is declared as timestamptz(6), but is timestamp(3) with time zone.'},
    ),
    "no precision": (
        'ALTER TABLE patients ALTER "updatedAt" TYPE timestamptz',
        {'schema.E005 patients."updatedAt" is declared as timestamptz(6), but is timestamp with time zone.'},
    ),
    "no time zone": (
        'ALTER TABLE patients ALTER "mergedAt" TYPE timestamp(6)',
        {'schema.E005 patients."mergedAt" is declared as timestamptz(6), but is timestamp(6) without time zone.'},
    ),
    "json for jsonb": (
        'ALTER TABLE patient_merge_history ALTER "sourceSnapshot" TYPE json',
        {'schema.E005 patient_merge_history."sourceSnapshot" is declared as jsonb, but is json.'},
    ),
    "an enum of another schema": (
        "CREATE SCHEMA other; "
        "CREATE TYPE other.\"PatientStatus\" AS ENUM ('ACTIVE', 'INACTIVE', 'DECEASED', 'ARCHIVED');"
        + MOVE_STATUS.format(type='other."PatientStatus"')
        + "; ALTER TABLE patients ALTER status SET DEFAULT 'ACTIVE'",
        {'schema.E005 patients."status" is declared as "PatientStatus", but is other."PatientStatus".'},
    ),
    "NULL for NOT NULL": (
        "ALTER TABLE patients ALTER mrn DROP NOT NULL",
        {'schema.E006 patients."mrn" is declared NOT NULL, but is NULL.'},
    ),
    "NOT NULL for NULL": (
        "ALTER TABLE patients ALTER city SET NOT NULL",
        {'schema.E006 patients."city" is declared NULL, but is NOT NULL.'},
    ),
    "another default": (
        "ALTER TABLE patients ALTER version SET DEFAULT 2",
        {'schema.E007 patients."version" is declared with the default 1, but has 2.'},
    ),
    "a default that looks alike": (
        'ALTER TABLE patients ALTER "createdAt" SET DEFAULT clock_timestamp()',
        {
            'schema.E007 patients."createdAt" is declared with the default (CURRENT_TIMESTAMP), '
            "but has clock_timestamp()."
        },
    ),
    "another enum default": (
        "ALTER TABLE patients ALTER status SET DEFAULT 'ARCHIVED'",
        {
            "schema.E007 patients.\"status\" is declared with the default 'ACTIVE', "
            "but has 'ARCHIVED'::\"PatientStatus\"."
        },
    ),
    "a dropped default": (
        "ALTER TABLE patients ALTER restricted DROP DEFAULT",
        {'schema.E007 patients."restricted" is declared with the default false, but has none.'},
    ),
    "an added default": (
        "ALTER TABLE patients ALTER city SET DEFAULT 'Nairobi'",
        {"schema.E007 patients.\"city\" is declared with the default none, but has 'Nairobi'::character varying."},
    ),
    "an identity column": (
        "ALTER TABLE patients ALTER version DROP DEFAULT, ALTER version ADD GENERATED ALWAYS AS IDENTITY",
        {
            'schema.E007 patients."version" is declared with the default 1, but has none.',
            'schema.E008 patients."version" is declared as a plain column, but is an identity column.',
        },
    ),
    "a generated column": (
        "ALTER TABLE patients DROP city; ALTER TABLE patients ADD city varchar(100) GENERATED ALWAYS AS (state) STORED",
        {'schema.E008 patients."city" is declared as a plain column, but is a generated column.'},
    ),
    "a column with a collation": (
        'ALTER TABLE patients ALTER city TYPE varchar(100) COLLATE "C"',
        {'schema.E008 patients."city" is declared as a plain column, but is one with the collation "C".'},
    ),
    "a missing enum": (
        MOVE_STATUS.format(type="varchar(20)")
        + "; DROP TYPE \"PatientStatus\"; ALTER TABLE patients ALTER status SET DEFAULT 'ACTIVE'",
        {
            f"schema.E019 PatientStatus {DECLARED_LABELS}, but does not exist.",
            'schema.E005 patients."status" is declared as "PatientStatus", but is character varying(20).',
        },
    ),
    "a label that is not declared": (
        "ALTER TYPE \"PatientStatus\" ADD VALUE 'MERGED'",
        {f"schema.E020 PatientStatus {DECLARED_LABELS}, but has ACTIVE, INACTIVE, DECEASED, ARCHIVED, MERGED."},
    ),
    "a label spelled otherwise": (
        "ALTER TYPE \"PatientStatus\" RENAME VALUE 'DECEASED' TO 'Deceased'",
        {f"schema.E020 PatientStatus {DECLARED_LABELS}, but has ACTIVE, INACTIVE, Deceased, ARCHIVED."},
    ),
    "a label too few": (
        OTHER_ENUM.format(labels="'ACTIVE', 'INACTIVE', 'DECEASED'"),
        {f"schema.E020 PatientStatus {DECLARED_LABELS}, but has ACTIVE, INACTIVE, DECEASED."},
    ),
    "labels in another order": (
        OTHER_ENUM.format(labels="'INACTIVE', 'ACTIVE', 'DECEASED', 'ARCHIVED'"),
        {f"schema.E020 PatientStatus {DECLARED_LABELS}, but has INACTIVE, ACTIVE, DECEASED, ARCHIVED."},
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_difference_is_found_and_nothing_else(migrated, in_process, difference):
    damage, expected = DIFFERENCES[difference]
    in_process(migrated)

    migrated.execute(damage)

    assert found() == expected
