"""What `precheck --embedded` reads from migrations before it starts a server: roles, extensions, what is newer."""

import subprocess
from typing import Any

import pytest
from django.contrib.postgres.operations import CreateExtension, TrigramExtension
from django.db.migrations import Migration
from django.db.migrations.operations import RunSQL, SeparateDatabaseAndState

from migrations_safety.measurement import embedded_target
from migrations_safety.measurement.embedded_target import DATABASE, _newer, _version
from migrations_safety.measurement.named_in_migrations import extensions_named, roles_named
from migrations_safety.messages.refusals.embedded import NoServerHere
from migrations_safety.plan.since import newer_than, older_than
from migrations_safety.postgresql.embedded_server import WHEELS, extensions_of


def migration(*operations, name="0001_initial", after=(), replaces=()):
    made: Any = Migration(name, "shop")
    made.operations = list(operations)
    made.dependencies = [("shop", one) for one in after]
    made.replaces = [("shop", one) for one in replaces]
    return made


@pytest.mark.parametrize(
    ("sql", "roles"),
    [
        ("GRANT SELECT ON a TO reporting", ["reporting"]),
        ('GRANT SELECT ON a TO reporting, "Two Words"; SELECT 1', ["Two Words", "reporting"]),
        ("REVOKE ALL ON a FROM Reader", ["reader"]),
        ("ALTER TABLE a OWNER TO app", ["app"]),
        ("ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO reporting", ["app", "reporting"]),
        ("CREATE POLICY p ON a FOR SELECT TO ward USING (true)", ["ward"]),
        ("GRANT SELECT ON a TO PUBLIC, CURRENT_USER, pg_monitor", []),
        ("CREATE ROLE app; GRANT SELECT ON a TO app", []),
        ("SELECT 1", []),
    ],
)
def test_roles_that_sql_names_are_known_unless_it_makes_them(sql, roles):
    assert roles_named([migration(RunSQL(sql))]) == roles
    assert roles_named([migration(SeparateDatabaseAndState([RunSQL([(sql, None)])]))]) == roles


def test_extensions_are_known_by_operation_and_by_sql():
    operations = [
        CreateExtension("citext"), TrigramExtension(), RunSQL('create extension if not exists "uuid-ossp"'),
        SeparateDatabaseAndState([RunSQL("CREATE EXTENSION postgis")]),
    ]  # fmt: skip

    assert extensions_named([migration(*operations)]) == {"citext", "pg_trgm", "uuid-ossp", "postgis"}


def test_the_version_is_the_newest_that_has_the_extensions():
    with_hstore = [one for one in WHEELS if "hstore" in extensions_of(one)]
    if not with_hstore:
        pytest.skip("no wheel here has contrib")

    assert _version(None, {("shop", "0001_initial"): migration()}) == max(WHEELS)
    chosen = _version(None, {("shop", "0001_initial"): migration(CreateExtension("hstore"))})
    assert "hstore" in extensions_of(chosen)
    assert _version(16, {}) == 16


@pytest.mark.parametrize(("installed", "wanted"), [([], None), ([], 18), ([16], 18)])
def test_without_a_server_it_says_what_to_install(monkeypatch, installed, wanted):
    monkeypatch.setattr(embedded_target, "versions_with", lambda program: installed)

    with pytest.raises(NoServerHere, match=r"There is no PostgreSQL.* here that could be started") as refused:
        _version(wanted, {})

    assert "django-migrations-safety[embedded]" in refused.value.hint


def test_the_name_of_the_database_is_nobodys():
    assert DATABASE == "embedded"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    for name in ("kept.py", "changed.py", "app/site-packages/installed.py"):
        write(tmp_path, name)
    git("add", "kept.py", "changed.py")
    git("commit", "--quiet", "--message", "x")
    write(tmp_path, "changed.py", "2")
    write(tmp_path, "untracked.py")
    write(tmp_path, "ignored.py")
    write(tmp_path, ".gitignore", "ignored.py")
    return tmp_path


def git(*words):
    author = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *author, *words], check=True, capture_output=True)


def write(folder, name, text="1"):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_newer_is_what_was_changed_or_added_and_nothing_that_is_installed_or_ignored(repository):
    names = ("kept.py", "changed.py", "untracked.py", "ignored.py", "app/site-packages/installed.py")
    files = [str(repository / name) for name in names] + [None, "/elsewhere/0001_initial.py"]

    assert newer_than("HEAD", files) == {str(repository / "changed.py"), str(repository / "untracked.py")}
    assert older_than("HEAD", files) == {str(repository / "kept.py")}


def test_variables_of_a_hook_lead_nowhere_else(repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/other-index")
    (repository / "below").mkdir()
    monkeypatch.chdir(repository / "below")

    assert newer_than("HEAD", [str(repository / "changed.py")]) == {str(repository / "changed.py")}


def test_what_depends_on_a_newer_migration_is_newer_also_through_a_squash(monkeypatch):
    disk = {
        ("shop", "0001_initial"): migration(name="0001_initial"),
        ("shop", "0002_squashed"): migration(name="0002_squashed", after=["0001_initial"], replaces=["0002", "0003"]),
        ("shop", "0004"): migration(name="0004", after=["0003"]),
        ("shop", "0005"): migration(name="0005", after=["0004"]),
    }
    monkeypatch.setattr(embedded_target, "file_of", lambda one: one.name)
    monkeypatch.setattr(embedded_target, "newer_than", lambda revision, files: {"0002_squashed"})

    assert _newer(disk, "HEAD") == {("shop", "0002_squashed"), ("shop", "0004"), ("shop", "0005")}
