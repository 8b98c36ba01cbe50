"""What a role must be allowed to for a backup, and what it is told where it is not."""

from migrations_safety.backup.manifest import Proof
from tests.support.backups import backup, manifest_in


def test_a_role_behind_a_policy_is_refused_with_what_helps(empty, tmp_path, new_role):
    role = new_role()
    empty.execute("CREATE TABLE told (id int); ALTER TABLE told ENABLE ROW LEVEL SECURITY")
    empty.execute(f'GRANT pg_read_all_data TO "{role}"')
    url = empty.server.url(empty.name, user=role)

    refused = backup(empty, tmp_path, "--no-restore-test", url=url)

    assert refused.code == 2
    assert f'ALTER ROLE "{role}" BYPASSRLS;' in refused.err
    empty.execute(f'ALTER ROLE "{role}" BYPASSRLS')
    done = backup(empty, tmp_path, "--no-restore-test", url=url)
    assert done.code == 0, done.said
    assert "may not write the record of runs" in done.out


def test_a_role_that_may_not_read_everything_is_refused_with_the_grant(empty, tmp_path, new_role):
    role = new_role()
    empty.execute("CREATE TABLE told (id int)")

    refused = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert (refused.code, f'GRANT pg_read_all_data TO "{role}";' in refused.err) == (2, True), refused.said


def test_a_role_that_may_create_databases_restores_on_the_server(empty, tmp_path, new_role):
    role = new_role()
    empty.execute("CREATE TABLE told AS SELECT 1 AS one")
    empty.execute(f'GRANT pg_read_all_data, pg_read_all_settings TO "{role}"; ALTER ROLE "{role}" CREATEDB')

    done = backup(empty, tmp_path, url=empty.server.url(empty.name, user=role))

    assert done.code == 0, done.said
    assert manifest_in(tmp_path).proof is Proof.COMPARED
    assert empty.value("SELECT count(*) FROM pg_database WHERE datname LIKE 'confidential%%'") == 0


def test_a_wrong_password_is_one_sentence(empty, tmp_path, new_role):
    url = empty.server.url(empty.name, user=new_role(), password="wrong")

    done = backup(empty, tmp_path, url=url)

    assert done.code == 2
    assert "Traceback" not in done.said
    assert "wrong" not in done.said


def test_a_database_that_refuses_the_tables_of_the_record_is_backed_up_all_the_same(empty, tmp_path):
    empty.execute("CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'")
    empty.execute("CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION no()")

    done = backup(empty, tmp_path, "--no-restore-test")

    assert done.code == 0, done.said
    assert "The record of runs does not have this backup: PostgreSQL refused it (SQLSTATE P0001)." in " ".join(
        done.out.split()
    )
