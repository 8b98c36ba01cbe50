"""Plans of the app `ward`, whose tables have rows, measured together with the figures of these tables."""

from typing import Any

import pytest

from migrations_safety.measurement.durations import tables_of
from migrations_safety.measurement.measurement import measure
from migrations_safety.measurement.options import MeasureOptions
from migrations_safety.postgresql.table_figures import figures
from tests.support.held_locks import ROWS
from tests.support.measured_app import write


@pytest.fixture
def plan(measured, make):
    """`plan(*migrations)`: what the migrations with these operations do, and the figures of their tables."""
    app, database, connection = measured
    database.execute(ROWS)

    def measured_plan(*migrations: str, **how: Any) -> tuple[Any, Any]:
        write(app, migrations, **how)
        found = measure(connection, app_label="ward", options=MeasureOptions(scratch_url=make("empty").url))
        assert found.measured == "url", found.reason
        assert found.error is None
        return found, figures(connection, tables_of(found))

    return measured_plan
