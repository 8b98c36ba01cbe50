"""A Django project in a folder of its own, with a database, in an environment that has the wheel."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.package.environments import Environment
from tests.support.pages import Block, Command, File, Output, Sql


@dataclass
class Project:
    """What the page is carried out in."""

    folder: Path
    environment: Environment
    database: Any
    last: subprocess.CompletedProcess[str] | None = None

    def do(self, block: Block) -> None:
        """Write, type, or compare, as the page says."""
        match block:
            case File():
                block.write(self.folder)
            case Sql(text=text):
                self.database.execute(text)
            case Command(text=text, code=code):
                self.type(text, code=code)
            case Output(text=text):
                assert self.last
                assert text in self.last.stdout

    def type(self, command: str, *, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run one line; AssertionError where its exit code is another."""
        self.last = self.environment.run(command, folder=self.folder, variables=self.variables)
        assert self.last.returncode == code, f"{command}: {self.last.returncode}\n{self.last.stdout}{self.last.stderr}"
        return self.last

    @property
    def variables(self) -> dict[str, str]:
        server = self.database.server
        return {"PGHOST": str(server.folder), "PGPORT": str(server.port), "PGUSER": "postgres"}
