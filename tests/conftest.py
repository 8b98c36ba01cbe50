"""Fixtures: one real PostgreSQL server for the session, one fresh database for each test that asks for it.

POSTGRESQL_VERSION chooses the server (18 where it is not set). tests/unit asks for no database at all.
"""

from __future__ import annotations

import compileall
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

for _variable in [name for name in os.environ if name.startswith(("PG", "DATABASE_URL", "EHR_ID_TYPE"))]:
    del os.environ[_variable]  # the tests' own server and nothing else
os.environ["DJANGO_SETTINGS_MODULE"] = "ehr.settings"
os.environ["MIGRATIONS_SAFETY_MEASURE"] = "no"  # a measurement takes seconds: tests that want one say --measure

import django  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

django.setup()
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

MakeDatabase = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Compile the code once, for all processes that commands start: where PYTHONDONTWRITEBYTECODE is set, none does."""
    if not hasattr(config, "workerinput"):
        for name in ("migrations_safety", "patients", "ehr"):
            compileall.compile_dir(ROOT / name, quiet=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The kills come first: one of them takes as long as a hundred others, and at the end one worker would wait."""
    items.sort(key=lambda item: "tests/torture/" not in item.nodeid)


def pytest_collection_finish() -> None:
    """What is loaded by now stays; the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands keep notes, apart from those of the user."""
    folder = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """The server with its templates."""
    from tests.support.cluster import Cluster, new_server

    cluster = Cluster(new_server())
    yield cluster
    cluster.remove()


@pytest.fixture
def new_role(cluster: Any) -> Iterator[Callable[[], str]]:
    """`new_role()`: the name of a fresh role that may log in (password `secret`) and nothing else."""
    from tests.support.cluster import NUMBERS

    names: list[str] = []

    def create() -> str:
        names.append(f"role {next(NUMBERS)}")
        cluster.administration.execute(f"CREATE ROLE \"{names[-1]}\" LOGIN PASSWORD 'secret'")
        return names[-1]

    yield create
    for name in names:
        cluster.administration.execute(f'DROP ROLE "{name}"')


@pytest.fixture
def make(cluster: Any, new_role: Any) -> Iterator[MakeDatabase]:
    """`make("hospital", "text")`: a fresh database in one of the states of tests/cluster.py.

    It asks for `new_role` so that the databases go first, and with them all that a role owns or may do.
    """
    made = []

    def create(state: str, id_type: str = "uuid", *, name: str | None = None) -> Any:
        made.append(cluster.create(state, id_type, name=name))
        return made[-1]

    yield create
    for database in made:
        cluster.drop(database)


@pytest.fixture
def empty(make: MakeDatabase) -> Any:
    """A database without tables."""
    return make("empty")


@pytest.fixture
def hospital(make: MakeDatabase) -> Any:
    """The hospital before the patient module, ids as uuid."""
    return make("hospital")


@pytest.fixture
def deployer(hospital: Any, new_role: Any) -> str:
    """The address of the hospital for a role whose copies are made on the hospital's own server."""
    role = new_role()
    hospital.execute(f'ALTER ROLE "{role}" CREATEDB; GRANT pg_read_all_data, pg_read_all_settings TO "{role}"')
    return str(hospital.server.url(hospital.name, user=role, password="secret"))


@pytest.fixture
def hospital_text(make: MakeDatabase) -> Any:
    """The hospital before the patient module, ids as text."""
    return make("hospital", "text")


@pytest.fixture
def migrated(make: MakeDatabase) -> Any:
    """The hospital after `migrate`."""
    return make("migrated")


@pytest.fixture
def two_clinics(migrated: Any) -> Any:
    """Public is migrated; clinic_c has the hospital's tables with one orphan, and was never migrated."""
    from tests.support.cluster import schema
    from tests.support.factories import refer

    migrated.execute("CREATE SCHEMA clinic_c; SET search_path = clinic_c")
    migrated.execute(schema("legacy", "uuid").replace('"public"', '"clinic_c"'))
    refer(migrated, "bills", "7a0eebc9-9c0b-4ef8-bb6d-6bb9bd380001")
    migrated.execute("RESET search_path")
    return migrated


@pytest.fixture
def in_process(django_db_blocker: Any) -> Iterator[Callable[..., Any]]:
    """`in_process(database)`: Django's default connection of this process, on that database."""
    from tests.support.in_process import connected

    with django_db_blocker.unblock(), connected() as connect_to:
        yield connect_to


@pytest.fixture
def standby_of(cluster: Any) -> Iterator[Callable[[Any], Any]]:
    """Gives the same database on a fresh standby."""
    from tests.support.cluster import Database, new_folder
    from tests.support.standby import follow

    standbys: list[Any] = []

    def standby_of(database: Any) -> Any:
        server = follow(cluster.server, new_folder())
        standby = Database(server, database.name, database.id_type)
        standbys.append(standby)
        standby.wait_for("SELECT pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn()")
        return standby

    yield standby_of
    for one in standbys:
        one.close()
        one.server.remove()


@pytest.fixture
def ward(empty: Any, in_process: Any, tmp_path: Path) -> Iterator[Any]:
    """An empty database, and the throwaway app whose plans are looked at and done in this process."""
    from tests.support.plain_django import ward_installed

    with ward_installed(tmp_path, empty, in_process(empty)) as ward:
        yield ward
