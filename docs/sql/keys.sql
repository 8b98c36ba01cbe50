-- ehr.0002 and ehr.0003: the keys are added NOT VALID and then validated, each in a short transaction.

ALTER TABLE "bills"
    ADD CONSTRAINT "bills_patientId_fkey"
    FOREIGN KEY ("patientId")
    REFERENCES "patients" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID;

ALTER TABLE "insurance_policies"
    ADD CONSTRAINT "insurance_policies_patientId_fkey"
    FOREIGN KEY ("patientId")
    REFERENCES "patients" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID;

ALTER TABLE "medical_records"
    ADD CONSTRAINT "medical_records_patientId_fkey"
    FOREIGN KEY ("patientId")
    REFERENCES "patients" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID;

ALTER TABLE "patient_consent_instances"
    ADD CONSTRAINT "patient_consent_instances_patientId_fkey"
    FOREIGN KEY ("patientId")
    REFERENCES "patients" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID;

ALTER TABLE "surgical_cases"
    ADD CONSTRAINT "surgical_cases_patientId_fkey"
    FOREIGN KEY ("patientId")
    REFERENCES "patients" ("id") ON DELETE RESTRICT ON UPDATE CASCADE NOT VALID;

ALTER TABLE "bills"
    VALIDATE CONSTRAINT "bills_patientId_fkey";

ALTER TABLE "insurance_policies"
    VALIDATE CONSTRAINT "insurance_policies_patientId_fkey";

ALTER TABLE "medical_records"
    VALIDATE CONSTRAINT "medical_records_patientId_fkey";

ALTER TABLE "patient_consent_instances"
    VALIDATE CONSTRAINT "patient_consent_instances_patientId_fkey";

ALTER TABLE "surgical_cases"
    VALIDATE CONSTRAINT "surgical_cases_patientId_fkey";
