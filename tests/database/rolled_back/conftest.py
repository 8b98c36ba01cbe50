"""The app `ward`, whose migrations a test writes and rolls back."""

import pytest

from tests.support.in_process import installed, migrate
from tests.support.sample_app import SampleApp

FIRST = "0001_initial"


@pytest.fixture
def ward(tmp_path, empty, in_process):
    """`ward(first, rows, *then)`: a database with the migrations applied, and rows from before the second one.

    Each of `then` is the text of the operations of one more migration.
    """
    app = SampleApp(tmp_path)
    in_process(empty)
    entered = []

    def made(first, rows, *then, atomic=True, before=""):
        app.migration(FIRST, first, before=before)
        for number, operations in enumerate(then, start=2):
            after = ("ward", FIRST if number == 2 else f"000{number - 1}_next")
            app.migration(f"000{number}_next", operations, after=after, atomic=atomic, before=before)
        context = installed(app)
        context.__enter__()
        entered.append(context)
        migrate("ward", "0001", skip_precheck=True)
        empty.execute(rows)
        migrate("ward", skip_precheck=True)
        return empty

    yield made
    for context in entered:
        context.__exit__(None, None, None)
