"""Empty environments, and what is installed into them: the built wheel, and pinned versions of everything else."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.commands import ROOT, environment

NAME = "django-migrations-safety"


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """A virtual environment of its own; `wheel` is what its `pip install django-migrations-safety` installs."""

    folder: Path
    wheel: Path
    constraints: Path

    @classmethod
    def create(cls, folder: Path, *, wheel: Path, python: str = sys.executable, **versions: str) -> Environment:
        """An empty one. Our pip installs into it, which spares the time that a pip of its own takes."""
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True)
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in (pinned() | versions).items()))
        return cls(folder=folder, wheel=wheel, constraints=constraints)

    def install(self, *arguments: str) -> None:
        """`pip install`, of what requirements*.txt pin in their versions; CalledProcessError where it fails."""
        wanted = [re.sub(rf"^{NAME}\b", str(self.wheel), one) for one in arguments]
        pip = [sys.executable, "-m", "pip", "--python", str(self.folder / "bin" / "python"), "install"]
        options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--constraint", str(self.constraints)]
        subprocess.run([*pip, *options, *wanted], check=True)

    def uninstall(self, name: str) -> None:
        """`pip uninstall`; CalledProcessError where it fails."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.folder / "bin" / "python"), "uninstall"]
        subprocess.run([*pip, "--quiet", "--disable-pip-version-check", "--yes", name], check=True)

    def installed(self) -> set[str]:
        """The distributions that it has, by name."""
        folders = self.folder.glob("lib/python*/site-packages/*.dist-info")
        return {re.sub(r"[-_.]+", "-", one.name.split("-")[0]).lower() for one in folders}

    def run(self, command: str, *, folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Type one line there, as in an activated environment."""
        words = shlex.split(command)
        if words[:2] == ["pip", "install"]:
            self.install(*words[2:])
            return subprocess.CompletedProcess(words, 0, "", "")
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            words, cwd=folder, env=environment(PATH=path, **variables), capture_output=True, text=True, check=False,
            executable=str(self.folder / "bin" / words[0]), stdin=subprocess.DEVNULL,
        )  # fmt: skip


def pinned() -> dict[str, str]:
    """What requirements*.txt pin: name and version; extras are left out, because a constraint has none."""
    files = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
    lines = [line for file in files for line in file.read_text().splitlines() if "==" in line]
    found = [re.fullmatch(r"([\w-]+)(?:\[\w+\])?==([\w.]+).*", line) for line in lines]
    return {one[1]: one[2] for one in found if one}
