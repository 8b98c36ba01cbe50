"""Asks git which migrations came since a revision: those whose files were added or changed.

The revision is compared with the files as they are now, from the commit where the present branch left it. Of a file
that is not under git (that of an installed package, for example) nobody knows; each function says how it counts.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from migrations_safety.messages.refusals.acceptance import RevisionRefused

PATIENCE = 60
"""How many seconds one command of git may take."""
OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables that git sets for its hooks, whose paths may be relative to another folder than the current one."""
INSTALLED = frozenset({"site-packages", "dist-packages"})
"""The names of the folders that hold installed packages."""


def older_than(revision: str, files: Iterable[str | None]) -> frozenset[str]:
    """Return those of the files that git knows, and that were not changed since the revision.

    A file that git does not know may have come since, so it is not among them. Raises RevisionRefused where git is not
    installed, where the current folder is in no repository, and where the revision is unknown.
    """
    top = _top(revision)
    start = _start(revision)
    inside = {path: file for file in files if file and (path := _inside(Path(file), top))}
    if not inside:
        return frozenset()
    known = _names(revision, "-C", str(top), "ls-files", "-z", "--", *inside)
    changed = _changed(revision, top, start, inside)
    return frozenset(file for path, file in inside.items() if path in known and path not in changed)


def newer_than(revision: str, files: Iterable[str | None]) -> frozenset[str]:
    """Return those of the files that were added or changed since the revision, committed or not.

    Files outside of the repository, files that git ignores, and files of installed packages are not among them.
    Raises RevisionRefused as `older_than` does.
    """
    top = _top(revision)
    start = _start(revision)
    own = (file for file in files if file and INSTALLED.isdisjoint(Path(file).parts))
    inside = {path: file for file in own if (path := _inside(Path(file), top))}
    if not inside:
        return frozenset()
    untracked = _names(revision, "-C", str(top), "ls-files", "--others", "--exclude-standard", "-z", "--", *inside)
    changed = _changed(revision, top, start, inside) | untracked
    return frozenset(file for path, file in inside.items() if path in changed)


def _top(revision: str) -> Path:
    return Path(_git(revision, "rev-parse", "--show-toplevel", failing="the current folder is in no git repository"))


def _changed(revision: str, top: Path, start: str, paths: Iterable[str]) -> set[str]:
    how = ("--name-only", "--no-relative", "--no-ext-diff", "--no-renames", "-z", start)
    return _names(revision, "-C", str(top), "diff", *how, "--", *paths)


def _start(revision: str) -> str:
    """Return the commit at which HEAD left the revision; the revision itself where they have none in common.

    Before the first commit HEAD is the empty tree: everything is new.
    """
    if revision == "HEAD" and _run(revision, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        return _git(revision, "hash-object", "-t", "tree", "--stdin", failing="there is no commit")
    unknown = "git does not know this revision"
    commit = _git(
        revision, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", failing=unknown
    )
    found = _run(revision, "merge-base", commit, "HEAD")
    return found.stdout.strip() if found.returncode == 0 else commit


def _inside(file: Path, top: Path) -> str | None:
    path = file.resolve()
    return path.relative_to(top.resolve()).as_posix() if path.is_relative_to(top.resolve()) else None


def _names(revision: str, *command: str) -> set[str]:
    return set(_git(revision, *command, failing="git could not compare the files").split("\0"))


def _git(revision: str, *command: str, failing: str) -> str:
    done = _run(revision, *command)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RevisionRefused(revision=revision, problem=f"{failing} ({said[0]})" if said else failing)
    return done.stdout.strip()


def _run(revision: str, *command: str) -> subprocess.CompletedProcess[str]:
    git = ["git", "--no-pager", "--literal-pathspecs", *command]
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_HOOK}
    how: dict[str, Any] = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "env": environment}
    try:
        return subprocess.run(git, timeout=PATIENCE, check=False, **how)
    except FileNotFoundError:
        raise RevisionRefused(revision=revision, problem="git is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RevisionRefused(revision=revision, problem=f"git could not be run ({type(error).__name__})") from None
    except UnicodeDecodeError:
        raise RevisionRefused(revision=revision, problem="git named a file that is not UTF-8") from None
    except ValueError:
        raise RevisionRefused(revision=revision, problem="git does not know this revision") from None
