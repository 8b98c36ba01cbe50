"""Reproductions of faults live outside of this repository; the names that they import stay."""

from importlib import import_module

import pytest


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("ehr.embedded", ["Server", "free_port", "server_identity"]),
        ("tests.cluster", ["Cluster", "schema"]),
        ("tests.factories", ["refer"]),
        ("tests.process", ["start"]),
        ("tests.sample_app", ["SampleApp"]),
    ],
)
def test_what_they_import_is_there(name, what):
    module = import_module(name)

    assert all(hasattr(module, one) for one in what)
