"""A PostgreSQL 15 whose backups pgBackRest and Barman make: the real programs, as Debian packages them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from migrations_safety.postgresql.embedded_server import Server, server_identity

VERSION = 15
MISSING = [name for name in ("pgbackrest", "barman") if shutil.which(name) is None]
"""The programs that are not installed here."""
BINARIES = Path(f"/usr/lib/postgresql/{VERSION}/bin")


@dataclass(kw_only=True)
class BackedUpServer:
    """The server, and a folder with the configurations and repositories of both tools."""

    server: Server
    folder: Path

    @property
    def pgbackrest_config(self) -> Path:
        return self.folder / "pgbackrest.conf"

    @property
    def barman_config(self) -> Path:
        return self.folder / "barman.conf"

    def pgbackrest(self, *words: str) -> None:
        """Run it as the user of the server, who owns what it reads."""
        command = ["pgbackrest", f"--config={self.pgbackrest_config}", "--stanza=main", *words]
        run(command, as_server=True)

    def barman(self, *words: str) -> None:
        run(["barman", "-c", str(self.barman_config), *words])

    def receive(self) -> None:
        """Let Barman stream WAL until a file is archived: only then may it make a backup."""
        for _ in range(20):
            self.barman("cron")  # starts what receives, a moment later
            command = ["barman", "-c", str(self.barman_config), "switch-wal", "--force", "--archive"]
            done = subprocess.run([*command, "--archive-timeout", "5", "ward"], capture_output=True, timeout=120)
            if done.returncode == 0:
                return
        raise AssertionError("Barman has archived nothing")


def run(command: list[str], *, as_server: bool = False) -> None:
    identity = server_identity() if as_server else {}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, **identity)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


@contextmanager
def backed_up_server() -> Iterator[BackedUpServer]:
    folder = Path(tempfile.mkdtemp(prefix="ehr-backups-"))
    folder.chmod(0o777)
    (folder / "server").mkdir()
    server = Server.create(version=VERSION, folder=folder / "server")
    made = BackedUpServer(server=server, folder=folder)
    try:
        configure(made)
        server.stop()
        server.start()
        yield made
    finally:
        subprocess.run(
            ["barman", "-c", str(made.barman_config), "receive-wal", "--stop", "ward"], capture_output=True, check=False
        )
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def configure(made: BackedUpServer) -> None:
    folder, socket, port = made.folder, made.server.folder, made.server.port
    for name in ("barman", "barman.d", "repository", "lock"):
        (folder / name).mkdir()
        (folder / name).chmod(0o777)
    made.pgbackrest_config.write_text(
        f"[global]\nrepo1-path={folder}/repository\nrepo1-retention-full=2\nlock-path={folder}/lock\n"
        "log-level-file=off\nlog-level-console=error\n"
        f"[main]\npg1-path={made.server.data}\npg1-socket-path={socket}\npg1-port={port}\npg1-user=postgres\n"
    )
    dsn = f"host={socket} port={port} user=postgres dbname=postgres"
    made.barman_config.write_text(
        f"[barman]\nbarman_user={os.environ.get('USER') or 'root'}\nbarman_home={folder}/barman\n"
        f"configuration_files_directory={folder}/barman.d\nlog_file={folder}/barman/log\n"
        f"[ward]\ndescription=the ward\nconninfo={dsn}\nstreaming_conninfo={dsn}\nbackup_method=postgres\n"
        f"streaming_archiver=on\nslot_name=barman\nimmediate_checkpoint=true\npath_prefix={BINARIES}\n"
    )
    push = f"pgbackrest --config={made.pgbackrest_config} --stanza=main archive-push %p"
    with psycopg.connect(made.server.url(), autocommit=True) as session:
        for name, value in (("archive_mode", "on"), ("wal_level", "replica"), ("archive_command", push)):
            session.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
