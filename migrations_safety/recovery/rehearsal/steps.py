"""Runs the commands of a deploy on a copy, each as a process of its own, as the deploy itself would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE

from migrations_safety.measurement.child_environment import child_environment, settings_for
from migrations_safety.measurement.own_folder import own_folder
from migrations_safety.measurement.scratch import Place
from migrations_safety.messages.refusals.backup import NoCopy
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.copies import CopiedDatabase
from migrations_safety.postgresql.second_connection import open_connection
from migrations_safety.recovery.rehearsal.child import TASK
from migrations_safety.recovery.rehearsal.figures import Measured, Tables, measured
from migrations_safety.recovery.rehearsal.guard import Identity, identity_of
from migrations_safety.recovery.rehearsal.place import CopyPlace
from migrations_safety.recovery.rehearsal.report import Step
from migrations_safety.recovery.rehearsal.way_in import WayIn, way_in

SETTINGS = "migrations_safety.recovery.rehearsal.copy_settings"
REPORTING = frozenset({"precheck", "migrate", "verify_schema", "backfill_placeholders"})
SENTENCE = re.compile(r"(?:Stopped|Refused): (.+(?:\nIn .+)?)")
"""How a command ends that failed, behind what it has told before in the same line, and where in which migration."""


@dataclass(kw_only=True)
class Stage:
    """One clone of the copy, and what runs on it."""

    connection: Connection
    copy: CopiedDatabase
    place: CopyPlace
    original: tuple[str | None, int]
    """The identifier of the original's cluster, and its oid."""
    tables: Tables
    opens_network: bool
    is_gated: bool
    """Whether all connections of a step lead to the copy or nowhere (`connection_gate`)."""
    marker: str | None = None
    """The comment of a copy that somebody else has made, which may have the same identifier and oid."""
    writers: Iterable[int] = ()
    steps: list[Step] = field(default_factory=list)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The JSON report of each step, by its name."""

    def identity(self) -> tuple[Identity, dict[str, str]]:
        """Look whether this is the copy; return what it is known by, and who logs in; raises NoCopy where it is not."""
        with closing(open_connection(self.copy.parameters)) as session:
            found = identity_of(session)
            login = {"user": session.info.user, "password": session.info.password}
        is_original = (found.system_identifier, found.oid) == self.original
        if self.marker is not None:
            is_original = found.marker != self.marker
        if found.oid != self.copy.oid or found.name != self.copy.name or is_original or not found.marker:
            raise NoCopy("the session does not lead to the copy; nothing was run")
        return found, login

    @property
    def is_shared(self) -> bool:
        """Whether other databases are on the server of the copy."""
        return self.place.where != "embedded"

    def run(self, name: str, *arguments: str, is_way_back: bool = False) -> Step:
        """Run one command, and return how it went."""
        identity, login = self.identity()
        with own_folder() as folder:
            file = folder / "report.json"
            command = [sys.executable, "-m", "migrations_safety.recovery.rehearsal.child", *arguments]
            command += ["--database", self.connection.alias]
            if arguments[0] in REPORTING:
                command += ["--format", "json", "--output", str(file), "--no-progress"]
            with (
                way_in(self.copy, **login, is_gated=self.is_gated, is_shared=self.is_shared) as way,
                measured(self.copy.parameters, without=self.writers) as found,
            ):
                code, said = _finished(command, self._environment(identity, way), way.descriptor)
            report = json.loads(file.read_text(encoding="utf-8")) if file.exists() and code < 2 else {}
        self.reports[name] = report
        step = _step(name, arguments, code, said, found, self.tables, report, is_way_back)
        self.steps.append(step)
        return step

    def _environment(self, identity: Identity, way: WayIn) -> dict[str, str]:
        module = os.environ.get(ENVIRONMENT_VARIABLE)
        if not module:
            raise NoCopy("the settings are no module, so no other process can read them")
        where = way.parameters
        place = Place(
            where=self.place.where,
            why_not_the_server=None,
            server_version=self.place.server_version,
            parameters=where,
            token="",
            search_path=self.place.search_path,
        )
        settings = settings_for(self.connection, place)
        settings["OPTIONS"]["application_name"] = "migrations_safety rehearsal"
        task = {
            "identity": {name: getattr(identity, name) for name in ("system_identifier", "oid", "name", "marker")},
            "where": {"name": identity.name, "host": where.get("host") or "", "port": where.get("port") or ""},
            "is_shared": self.is_shared,
            "closes_network": not self.opens_network,
            "gate": way.descriptor,
        }
        own = {"DJANGO_SETTINGS_MODULE": SETTINGS, TASK: json.dumps(task)}
        return child_environment(module=module, databases={self.connection.alias: settings}) | own


def _finished(command: list[str], environment: dict[str, str], inherited: int | None) -> tuple[int, str]:
    """Run the process; return its exit code and the sentence with which it ended, if it failed.

    What code of a migration prints is not repeated, because it may hold values of rows.
    """
    how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    how |= {"env": environment, "cwd": Path.cwd(), "text": True, "errors": "replace"}
    with subprocess.Popen(command, pass_fds=() if inherited is None else (inherited,), **how) as child:
        try:
            told = child.communicate()[1]
        except BaseException:
            child.kill()
            raise
    sentences = SENTENCE.findall(told)
    return child.returncode, " ".join(sentences[-1].split()) if sentences and child.returncode else ""


def _step(
    name: str,
    arguments: tuple[str, ...],
    code: int,
    said: str,
    found: Measured,
    tables: Tables,
    report: dict[str, Any],
    is_way_back: bool,
) -> Step:
    assert found.before is not None and found.after is not None
    findings = report.get("findings") or (report.get("precheck") or {}).get("findings") or []
    return Step(
        name=name,
        command=" ".join(("python manage.py", *arguments)),
        exit_code=code,
        seconds=round(found.seconds, 3),
        locks=found.locks(tables),
        rows=found.rows(),
        wal_bytes=found.after.wal - found.before.wal,
        temporary_bytes=found.after.temporary - found.before.temporary,
        size_before=found.before.size,
        size_after=found.after.size,
        findings=tuple(one for one in findings if one["level"] != "info"),
        said=said,
        is_way_back=is_way_back,
    )
