"""The patient module's own review, `python -m ehr.review`: made anew on the hospital of the demo, into docs/."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from ehr import demo

FORMATS = {"markdown": "review.md", "html": "review.html"}
"""The file of each format."""
BLOCKED = 1


def main() -> int:
    """Write the review into a folder and return the exit code: 0, or 2 where `precheck` could not look."""
    parser = argparse.ArgumentParser(prog="python -m ehr.review", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=demo.PROJECT / "docs", help="default: docs")
    folder = parser.parse_args().folder.resolve()
    demo.forget_other_databases()
    with demo.server(keep=False) as running:
        os.environ["DATABASE_URL"] = demo.make_hospital(running, rows=demo.ROWS)
        reports = [f"--report={name}={folder / file}" for name, file in FORMATS.items()]
        command = [sys.executable, "manage.py", "precheck", "--measure", "--no-progress", *reports]
        code = subprocess.run(command, cwd=demo.PROJECT, stdout=subprocess.DEVNULL, check=False).returncode
    return 0 if code == BLOCKED else 2


if __name__ == "__main__":
    sys.exit(main())
