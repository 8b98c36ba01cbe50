"""What is in the distributions, and what they say of themselves."""

from __future__ import annotations

import re
import tarfile
from email import message_from_bytes
from zipfile import ZipFile

import pytest

import migrations_safety
from tests.support.commands import ROOT

APP = ROOT / "migrations_safety"


@pytest.fixture
def files(wheel):
    """The text of each file of the wheel by its name."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def metadata(files):
    return message_from_bytes(files[f"{dist_info()}/METADATA"])


def dist_info():
    return f"django_migrations_safety-{migrations_safety.__version__}.dist-info"


def test_the_wheel_has_the_generic_app_and_nothing_else(files):
    wanted = {str(one.relative_to(ROOT)) for one in APP.rglob("*") if one.is_file() and "__pycache__" not in one.parts}

    assert {name for name in files if not name.startswith(dist_info())} == wanted
    assert {f"{dist_info()}/licenses/LICENSE", "migrations_safety/py.typed"} <= set(files)
    assert any(name.endswith(".sql") for name in files)
    assert not any("test" in name.split("/") or "tests" in name.split("/") for name in files)


def test_the_wheel_needs_no_more_than_django_psycopg_and_rich(metadata):
    needed = [one for one in metadata.get_all("Requires-Dist") if "extra ==" not in one]

    assert sorted(re.split(r"[<>=\[]", one)[0] for one in needed) == ["django", "psycopg", "rich"]
    assert metadata.get_all("Provides-Extra") == ["embedded", "signed"]


def test_the_metadata_say_version_licence_and_types(metadata):
    assert metadata["Name"] == "django-migrations-safety"
    assert metadata["Version"] == migrations_safety.__version__
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert metadata.get_payload().startswith(
        "# In another Django project\n\n```sh\npip install django-migrations-safety"
    )


def test_the_sdist_has_what_the_wheel_is_made_of(distributions):
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"LICENSE", "CHANGELOG.md", "pyproject.toml", "docs/other-projects.md", "docs/findings.md"} <= names
    assert {one.partition("/")[0] for one in names} - {"PKG-INFO", ".gitignore"} == {
        "LICENSE", "CHANGELOG.md", "docs", "migrations_safety", "pyproject.toml",
    }  # fmt: skip


def test_the_version_stands_once():
    assert f"## [{migrations_safety.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
    assert f'"{migrations_safety.__version__}"' not in (ROOT / "pyproject.toml").read_text()
