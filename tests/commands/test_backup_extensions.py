"""Extensions that the server of a restore test lacks, or that its role may not create."""

import pytest

from migrations_safety.backup.manifest import Proof
from tests.support.backups import backup, manifest_in

pytestmark = pytest.mark.slow

UNTRUSTED = """SELECT name FROM pg_available_extension_versions
WHERE NOT trusted AND superuser AND installed IS NOT TRUE AND name <> 'plpgsql' AND requires IS NULL
  AND name IN ('pg_stat_statements', 'pageinspect', 'pg_buffercache', 'amcheck', 'vector')"""


def test_an_extension_that_the_role_may_not_make_and_nothing_needs_is_named(empty, tmp_path, new_role):
    found = empty.rows(UNTRUSTED)
    if not found:
        pytest.skip("this server has no such extension")
    role = new_role()
    empty.execute(f"CREATE EXTENSION {found[0][0]}; CREATE TABLE told AS SELECT 1 AS one")
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')

    done = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert any(found[0][0] in one for one in manifest_in(tmp_path).not_restored)


def test_an_extension_that_a_table_needs_is_brought_back_where_that_can_be(empty, tmp_path, new_role):
    if ("vector",) not in empty.rows(UNTRUSTED):
        pytest.skip("this server has no such extension")
    role = new_role()
    empty.execute(
        "CREATE EXTENSION vector; CREATE TABLE told (id int, v vector(2)); INSERT INTO told VALUES (1, '[1,2]')"
    )
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')

    done = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert manifest_in(tmp_path).not_restored == ()
