"""The written review's option B: one INSERT of a placeholder for each distinct reference of the five tables."""

TABLES = ("surgical_cases", "medical_records", "bills", "patient_consent_instances", "insurance_policies")
REFERENCES = " UNION ".join(f'SELECT "patientId" FROM {table} WHERE "patientId" IS NOT NULL' for table in TABLES)
COLUMNS = 'id, mrn, "firstName", "lastName", "dateOfBirth", "identityStatus"'
VALUES = "\"patientId\", 'MRN-PLACEHOLDER-' || \"patientId\", 'Placeholder', 'Patient', '1900-01-01', 'PLACEHOLDER'"
FILL = f"INSERT INTO patients ({COLUMNS}) SELECT {VALUES} FROM ({REFERENCES}) AS referenced"
FILL_MODULE = f'INSERT INTO patients ({COLUMNS}, "updatedAt") SELECT {VALUES}, now() FROM ({REFERENCES}) AS referenced'
"""The same for the module's own table, in which "updatedAt" has no default."""
