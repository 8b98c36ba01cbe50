"""A real standby of the tests' server, made as an administrator makes one."""

from __future__ import annotations

import os

from migrations_safety.postgresql import embedded_server


def follow(primary, folder):
    """A standby of the server in another folder, made as an administrator makes one."""
    if owner := embedded_server._owner():
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o700)
    port = embedded_server.free_port()
    standby = embedded_server.Server(version=primary.version, folder=folder, port=port)
    source = f"host={primary.folder} port={primary.port} user=postgres"
    standby.run("pg_basebackup", "-d", source, "-D", str(standby.data), "-c", "fast", "-X", "stream", "-R")
    with (standby.data / "postgresql.auto.conf").open("a") as configuration:
        configuration.write(f"port = {port}\nunix_socket_directories = '{folder}'\nwal_receiver_status_interval = 1\n")
    standby.start()
    return standby
