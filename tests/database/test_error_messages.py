"""Errors of a real server repeat the row that they complain about; what we tell of them does not."""

import pytest
from django.db import DatabaseError, connection

from migrations_safety.messages.errors import explain, frames
from tests.support.factories import PatientFactory, refer

SECRET, NAME = "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd38cafe", "Achieng Otieno"
REFUSED = {
    "23503": f"UPDATE bills SET \"patientId\" = '{SECRET}'",
    "23505": """INSERT INTO patients (id, mrn, "firstName", "lastName", "dateOfBirth", "updatedAt")
        SELECT gen_random_uuid(), mrn, "firstName", "lastName", "dateOfBirth", "updatedAt" FROM patients""",
    "23514": "UPDATE patients SET \"identityStatus\" = 'GHOST'",
    "22P02": f"SELECT '{NAME}'::uuid",
    "22001": f"UPDATE patients SET mrn = repeat('{NAME}', 10)",
    "23502": 'UPDATE patients SET "lastName" = NULL',
    "42P01": "SELECT * FROM nothing",
    "42501": "SET ROLE pg_monitor; SELECT * FROM patients",
}


@pytest.mark.parametrize("sqlstate", REFUSED)
def test_what_the_server_says_of_a_row_is_not_told(migrated, in_process, sqlstate):
    PatientFactory.create(on=migrated, id=SECRET[:-4] + "beef", mrn=NAME, last_name=NAME)
    refer(migrated, "bills", SECRET[:-4] + "beef")
    in_process(migrated)

    with pytest.raises(DatabaseError) as error, connection.cursor() as cursor:
        cursor.execute(REFUSED[sqlstate])

    told = "".join(explain(error.value)) + frames(error.value)
    assert f"SQLSTATE {sqlstate}" in told
    assert SECRET[:8] not in told
    assert NAME not in told
