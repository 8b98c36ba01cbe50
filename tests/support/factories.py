"""Test data: rows of the hospital's tables, inserted with SQL, so that both id types and odd schemas work."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any, ClassVar

import factory

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def new_id(*_: Any) -> str:
    return str(uuid.uuid4())


class RowFactory(factory.Factory[dict[str, Any]]):
    """A row as a dict; `create(on=database)` inserts it. Attributes are the columns in snake case."""

    class Meta:
        model = dict
        abstract = True

    _table: ClassVar[str]
    id = factory.LazyFunction(new_id)
    updated_at = NOW

    @classmethod
    def _create(cls, model_class: Any, *args: Any, on: Any, **attributes: Any) -> dict[str, Any]:
        row = cls._build(model_class, *args, **attributes)
        on.insert(cls._table, **row)
        return row

    @classmethod
    def _build(cls, model_class: Any, *args: Any, **attributes: Any) -> dict[str, Any]:
        return {re.sub("_(.)", lambda found: found[1].upper(), name): value for name, value in attributes.items()}


class UserFactory(RowFactory):
    _table = "users"
    email = factory.Sequence(lambda number: f"nurse{number}@hospital.example")
    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")


class SurgicalCaseFactory(RowFactory):
    _table = "surgical_cases"
    case_number = factory.Sequence(lambda number: f"CASE-{number}")
    patient_id = factory.LazyFunction(new_id)
    procedure_name = "Appendectomy"
    status = "SCHEDULED"
    scheduled_start_at = NOW
    scheduled_end_at = NOW


class MedicalRecordFactory(RowFactory):
    _table = "medical_records"
    record_number = factory.Sequence(lambda number: f"REC-{number}")
    patient_id = factory.LazyFunction(new_id)


class BillFactory(RowFactory):
    _table = "bills"
    bill_number = factory.Sequence(lambda number: f"BILL-{number}")
    patient_id = factory.LazyFunction(new_id)
    total_amount = 100


class ConsentFactory(RowFactory):
    _table = "patient_consent_instances"
    instance_number = factory.Sequence(lambda number: f"CONSENT-{number}")
    template_id = factory.LazyFunction(new_id)
    template_version = "1"
    patient_id = factory.LazyFunction(new_id)


class InsurancePolicyFactory(RowFactory):
    _table = "insurance_policies"
    patient_id = factory.LazyFunction(new_id)
    payer_name = "Payer"
    policy_number = factory.Sequence(lambda number: f"POLICY-{number}")
    effective_date = NOW.date()


class PatientFactory(RowFactory):
    _table = "patients"
    mrn = factory.Sequence(lambda number: f"MRN-{number}")
    first_name = factory.Faker("first_name")
    last_name = factory.Faker("last_name")
    date_of_birth = datetime.date(1980, 5, 17)


REFERENCING = {
    one._table: one
    for one in (SurgicalCaseFactory, MedicalRecordFactory, BillFactory, ConsentFactory, InsurancePolicyFactory)
}


def refer(database: Any, table: str, *patient_ids: str | None) -> None:
    """One row of a referencing table for each of the ids."""
    for patient_id in patient_ids:
        REFERENCING[table].create(on=database, patient_id=patient_id)
