"""Who may not go the way back is told so before its first step."""

import pytest

from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, applied, back, migrate


def owned_by(database, role, *tables):
    for table in tables:
        database.execute(f'ALTER TABLE {table} OWNER TO "{role}"')


def test_who_may_not_alter_or_drop_a_table_is_told_so_before_the_first_step(ward, at, new_role, in_process):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    role = new_role()
    with at(ward) as database:
        owned_by(database, role, "django_migrations", "migrations_safety_run", "migrations_safety_before_image")
        database.execute(f'GRANT USAGE, CREATE ON SCHEMA public TO "{role}"; GRANT SELECT ON ward_bed TO "{role}"')
        in_process(database, url=database.server.url(database.name, user=role))

        assert told(back("0001"), "privilege.E002") == [
            f'ward_bed belongs to "postgres", so the role "{role}" may not alter it.'
        ]
        with pytest.raises(Exception, match="42501"):
            migrate("0001", skip_precheck=True)
        owned_by(database, role, "ward_bed")
        assert back() == {}
        migrate("zero")
        assert applied(database) == []


def test_the_owner_of_the_schema_may_drop_a_table_but_not_alter_it(ward, at, new_role, in_process):
    ward.migration("0001_initial", BED)
    ward.migration("0002_extra", "migrations.AddField('Bed', 'extra', models.TextField(null=True))", after=FIRST)
    role = new_role()
    with at(ward) as database:
        owned_by(database, role, "django_migrations", "migrations_safety_run", "migrations_safety_before_image")
        database.execute(f'ALTER SCHEMA public OWNER TO "{role}"; GRANT SELECT ON ward_bed TO "{role}"')
        in_process(database, url=database.server.url(database.name, user=role))

        assert set(back()) == {"privilege.E002"}
        database.execute("ALTER TABLE ward_bed DROP extra; DELETE FROM django_migrations WHERE name = '0002_extra'")
        assert back() == {}
        migrate("zero")
