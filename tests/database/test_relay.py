"""A connection that is passed on reaches one database as one role, also through TLS; a statement is looked at first."""

import shutil
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import psycopg
import pytest

from migrations_safety.postgresql.embedded_server import NoServerBinaries, Server, server_identity
from migrations_safety.postgresql.relay import Relay
from tests.support.cluster import SETTINGS, new_folder

CLIENT = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as session:
    session.execute("CREATE TEMPORARY TABLE words (word text)")
    with session.cursor().copy("COPY words FROM STDIN") as rows:
        for number in range(20000):
            rows.write_row((f"word {number}" * 20,))
    size = session.execute("SELECT sum(length(word)) FROM words").fetchone()[0]
    large = len(session.execute("SELECT repeat('x', 3000000)").fetchone()[0])
    tls = session.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()[0]
    print(size > 3000000, large, tls)
    session.execute("DROP DATABASE other")
"""


@contextmanager
def listening(relay):
    """The port at which connections are passed on."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=relay.serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def server():
    """A server that speaks TLS, as those of packages do and those of wheels do not; its role `app` has a password."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    try:
        server = Server.create(version=15, folder=new_folder(), settings=SETTINGS)
    except NoServerBinaries:
        pytest.skip("no PostgreSQL 15 from a package here")
    subprocess.run(
        ["openssl", "req", "-new", "-x509", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(server.folder / "tls.key"),
         "-out", str(server.folder / "tls.crt")],
        check=True, capture_output=True, cwd="/", **server_identity(),
    )  # fmt: skip
    (server.folder / "tls.key").chmod(0o600)
    with psycopg.connect(server.url(), autocommit=True) as session:
        session.execute("CREATE ROLE app LOGIN PASSWORD 'secret'")
        named = (
            ("ssl_cert_file", server.folder / "tls.crt"),
            ("ssl_key_file", server.folder / "tls.key"),
            ("ssl", "on"),
        )
        for name, value in named:
            session.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.start()
    yield server
    server.remove()


def used(server, **parameters):
    """How a client ends that is passed on with these parameters."""
    relay = Relay(
        parameters={"port": server.port, **parameters},
        database="postgres",
        user="app",
        refusal=lambda text: "this is refused" if text.startswith("DROP") else None,
    )
    with listening(relay) as port:
        there = f"host=127.0.0.1 port={port} user=app password=secret dbname=postgres sslmode=disable"
        return subprocess.run(
            [sys.executable, "-c", CLIENT, there], capture_output=True, text=True, timeout=60, check=False
        )


@pytest.mark.parametrize("mode", ["socket", "disable", "prefer", "require", "verify-full"])
def test_everything_but_a_refused_statement_is_passed_on(server, mode):
    own = {"host": "127.0.0.1", "sslmode": mode, "sslrootcert": str(server.folder / "tls.crt")}

    done = used(server, **{"host": str(server.folder)} if mode == "socket" else own)

    assert done.stdout.split() == ["True", "3000000", str(mode not in ("socket", "disable"))], done.stderr
    assert "this is refused; it was not run" in done.stderr


def test_a_certificate_of_another_host_is_refused(server):
    there = {"host": "localhost", "hostaddr": "127.0.0.1", "sslmode": "verify-full"}

    done = used(server, **there, sslrootcert=str(server.folder / "tls.crt"))

    assert "could not be reached with TLS; it was not connected" in done.stderr
