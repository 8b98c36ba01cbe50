"""Fixtures of the way back: the app `ward`, and a database to which its migrations are applied."""

from functools import partial

import pytest

from tests.support import rollback
from tests.support.sample_app import SampleApp


@pytest.fixture
def ward(tmp_path):
    """The app whose migrations a test writes."""
    return SampleApp(tmp_path)


@pytest.fixture
def at(make, in_process):
    """`at(ward)`: a context with its database, in which the migrations of the app are applied."""
    return partial(rollback.at, make, in_process)
