"""Fixtures of `rollback_patient_module`: the hospital before, and after a deploy."""

import pytest

from tests.support.catalog_snapshot import catalog_snapshot
from tests.support.factories import new_id, refer
from tests.support.patient_rollback import ORPHANS
from tests.support.row_snapshot import row_snapshot


@pytest.fixture
def before(hospital):
    refer(hospital, "bills", *ORPHANS, None)
    refer(hospital, "medical_records", *ORPHANS[:2])
    refer(hospital, "insurance_policies", new_id(), new_id())
    return catalog_snapshot(hospital), row_snapshot(hospital, bookkeeping=False)


@pytest.fixture
def deployed(hospital, before):
    """The hospital after a deploy in which references of one table were set to NULL."""
    for command in (("backfill_placeholders", "--nullify", "insurance_policies"), ("migrate",)):
        assert hospital.run(*command).code == 0
    return hospital
