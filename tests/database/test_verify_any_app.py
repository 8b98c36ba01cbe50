"""Any project's tables are compared without registering anything: no false finding, and every damage is found."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import override_settings

from migrations_safety.verification import verification
from migrations_safety.verification.scope import of_apps
from tests.support.cluster import ROOT
from tests.support.warehouse import settings as warehouse

CONTRIB = ["admin", "auth", "contenttypes", "flatpages", "redirects", "sessions", "sites"]
PLAIN_MIGRATE = """
import django
from django.core.management import call_command
from django.core.management.commands.migrate import Command

django.setup()
for run_syncdb in (False, True):
    call_command(Command(), run_syncdb=run_syncdb, verbosity=0, interactive=False)
"""


@pytest.fixture(scope="session", autouse=True)
def template(cluster):
    """Plain Django makes all tables of the project, contrib's by their migrations, the warehouse has none."""
    database = cluster.create("empty", name="template_warehouse")
    database.execute("CREATE SCHEMA annex; CREATE TABLE legacy_rows (id bigint)")
    variables = os.environ | {"DATABASE_URL": database.url, "DJANGO_SETTINGS_MODULE": warehouse.__name__}
    subprocess.run([sys.executable, "-c", PLAIN_MIGRATE], cwd=ROOT, env=variables, check=True)
    database.close()
    cluster.templates["warehouse", "uuid"] = database


@pytest.fixture
def shop(make, in_process):
    database = make("warehouse")
    apps = [*settings.INSTALLED_APPS, *(app for app in warehouse.INSTALLED_APPS if app != "migrations_safety")]
    in_process(database)
    with override_settings(INSTALLED_APPS=apps):
        yield database


def verify(*apps, **how):
    return verification.run(of_apps(apps or [*CONTRIB, "warehouse"], **how), using="default")


def found(report):
    return {f"{one.id} {one.subject}" for one in report.findings}


def statements(hint):
    """What a hint says to type, without the words around it."""
    return re.findall(r"(?:ALTER|CREATE|DROP|REINDEX) [^;]+(?=;)", hint.partition(" --")[0])


def test_what_plain_django_made_is_as_declared(shop):
    report = verify()

    assert found(report) == set()
    assert report.verdict == "verified"
    assert report.expected == report.found
    assert report.expected["tables"] == 22
    assert [one.name for one in report.not_compared] == ["warehouse.Legacy"]
    assert (report.counted_keys, report.uncounted_keys) == (1, 25)


@pytest.mark.parametrize("app", CONTRIB)
def test_each_app_of_django_is_as_declared_by_itself(shop, app):
    report = verify(app)

    assert (report.verdict, found(report)) == ("verified", set())
    assert report.expected["tables"] > 0


THING = '"warehouse Thing"'
ALTER = f"ALTER TABLE {THING}"
DAMAGES = {
    "a table is dropped": (
        "DROP TABLE warehouse_part",
        {"E001 warehouse_part", 'E013 warehouse_part."whole_id"', 'E013 warehouse_part."part_id"'},
    ),
    "a table of a many-to-many field is dropped": (
        "DROP TABLE warehouse_supplier_friends",
        {
            "E001 warehouse_supplier_friends",
            'E013 warehouse_supplier_friends."from_supplier_id"',
            'E013 warehouse_supplier_friends."to_supplier_id"',
        },
    ),
    "a view has a table's name": (
        'DROP TABLE annex."Elsewhere"; CREATE VIEW annex."Elsewhere" AS SELECT 1 AS id',
        {'E025 "annex"."Elsewhere"'},
    ),
    "a table is unlogged": ("ALTER TABLE warehouse_stock SET UNLOGGED", {"E002 warehouse_stock"}),
    "a column is dropped": ("ALTER TABLE warehouse_stock DROP place_id", None),
    "a column is renamed": (
        f"{ALTER} RENAME ip TO address",
        {'E003 warehouse Thing."ip"', 'E004 warehouse Thing."address"'},
    ),
    "a column is added": (f"{ALTER} ADD extra int", {'E004 warehouse Thing."extra"'}),
    "a column that breaks INSERTs is added": (f"{ALTER} ADD extra int NOT NULL", {'E004 warehouse Thing."extra"'}),
    "a type is narrower": (f"{ALTER} ALTER file TYPE varchar(99)", {'E005 warehouse Thing."file"'}),
    "a type is wider": ("ALTER TABLE warehouse_stock ALTER row TYPE text", {'E005 warehouse_stock."row"'}),
    "a precision is another": (f"{ALTER} ALTER price TYPE numeric(14,2)", {'E005 warehouse Thing."price"'}),
    "an array is of another type": (
        f"{ALTER} ALTER tags DROP DEFAULT, ALTER tags TYPE text[], ALTER tags SET DEFAULT '{{}}'",
        {'E005 warehouse Thing."tags"'},
    ),
    "a time has no zone": (f"{ALTER} ALTER changed TYPE timestamp", {'E005 warehouse Thing."changed"'}),
    "NULL for NOT NULL": (f"{ALTER} ALTER file DROP NOT NULL", {'E006 warehouse Thing."file"'}),
    "NOT NULL for NULL": (f"{ALTER} ALTER ip SET NOT NULL", {'E006 warehouse Thing."ip"'}),
    "a default is another": (f"{ALTER} ALTER small SET DEFAULT 1", {'E007 warehouse Thing."small"'}),
    "a default is dropped": (f"{ALTER} ALTER data DROP DEFAULT", {'E007 warehouse Thing."data"'}),
    "a default is added": (f"{ALTER} ALTER number SET DEFAULT 0", {'E007 warehouse Thing."number"'}),
    "an identity is dropped": (f"{ALTER} ALTER id DROP IDENTITY", {'E008 warehouse Thing."id"'}),
    "an identity is GENERATED ALWAYS": (f"{ALTER} ALTER id SET GENERATED ALWAYS", {'E008 warehouse Thing."id"'}),
    "a generated column is plain": (f"{ALTER} ALTER total DROP EXPRESSION", {'E008 warehouse Thing."total"'}),
    "a generated column has another expression": (
        f"{ALTER} DROP total, ADD total bigint GENERATED ALWAYS AS (number * 3) STORED",
        {'E008 warehouse Thing."total"'},
    ),
    "a collation is dropped": (
        "ALTER TABLE warehouse_place DROP upper;"
        'ALTER TABLE warehouse_place ALTER latin TYPE varchar(20) COLLATE "default";'
        "ALTER TABLE warehouse_place ADD upper varchar(20) GENERATED ALWAYS AS (upper(latin)) STORED",
        {'E008 warehouse_place."latin"'},
    ),
    "a collation is added": (
        'ALTER TABLE warehouse_stock ALTER row TYPE varchar(4) COLLATE "C"',
        {'E008 warehouse_stock."row"'},
    ),
    "an index is dropped": ("DROP INDEX thing_lower", {"E009 warehouse Thing.thing_lower"}),
    "an index is added": (f"CREATE INDEX more ON {THING} (raw)", {"E010 warehouse Thing.more"}),
    "a unique index is added": (f"CREATE UNIQUE INDEX more ON {THING} (raw)", {"E010 warehouse Thing.more"}),
    "an index of a field is there twice": (f"CREATE INDEX more ON {THING} (number)", {"E010 warehouse Thing.more"}),
    "a primary key is dropped": (
        "ALTER TABLE warehouse_stock DROP CONSTRAINT warehouse_stock_pkey",
        {"E021 warehouse_stock.warehouse_stock_pkey"},
    ),
    "a primary key has its columns in another order": (
        "ALTER TABLE warehouse_stock DROP CONSTRAINT warehouse_stock_pkey, ADD PRIMARY KEY (number, row)",
        {"E022 warehouse_stock.warehouse_stock_pkey"},
    ),
    "a unique constraint is dropped": (f"{ALTER} DROP CONSTRAINT thing_unique", {"E021 warehouse Thing.thing_unique"}),
    "a unique constraint of a field is dropped": (
        "ALTER TABLE warehouse_supplier DROP CONSTRAINT warehouse_supplier_site_key",
        {"E021 warehouse_supplier.warehouse_supplier_site_key"},
    ),
    "a unique constraint is added": (f"{ALTER} ADD CONSTRAINT more UNIQUE (raw)", {"E023 warehouse Thing.more"}),
    "an index stands for a unique constraint": (
        f"{ALTER} DROP CONSTRAINT thing_unique; CREATE UNIQUE INDEX thing_unique ON {THING} (number, flag)",
        {"E010 warehouse Thing.thing_unique", "E021 warehouse Thing.thing_unique"},
    ),
    "a CHECK is dropped": (f"{ALTER} DROP CONSTRAINT thing_in", {"E021 warehouse Thing.thing_in"}),
    "a CHECK of a field is dropped": (
        f'{ALTER} DROP CONSTRAINT "warehouse Thing_positive_check"',
        {"E021 warehouse Thing.warehouse Thing_positive_check"},
    ),
    "a CHECK is not valid": (
        f"{ALTER} DROP CONSTRAINT thing_check, ADD CONSTRAINT thing_check CHECK (number >= 0 OR big IS NULL) NOT VALID",
        {"E022 warehouse Thing.thing_check"},
    ),
    "a CHECK is added": (f"{ALTER} ADD CONSTRAINT more CHECK (number > 7)", {"E023 warehouse Thing.more"}),
    "an exclusion is dropped": (f"{ALTER} DROP CONSTRAINT thing_exclusion", {"E021 warehouse Thing.thing_exclusion"}),
    "an exclusion has another operator": (
        f"{ALTER} DROP CONSTRAINT thing_exclusion, ADD CONSTRAINT thing_exclusion "
        "EXCLUDE USING gist (period WITH &&, days WITH &&) INCLUDE (number) WHERE (flag)",
        {"E022 warehouse Thing.thing_exclusion"},
    ),
    "a key is dropped": (f'{ALTER} DROP CONSTRAINT "{{place_id}}"', {'E013 warehouse Thing."place_id"'}),
    "a key has another rule": (
        f'{ALTER} DROP CONSTRAINT "{{place_id}}", ADD FOREIGN KEY (place_id) REFERENCES warehouse_place '
        "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        {'E014 warehouse Thing."place_id"'},
    ),
    "a key is not deferred": (
        f'{ALTER} ALTER CONSTRAINT "{{place_id}}" DEFERRABLE INITIALLY IMMEDIATE',
        {'E014 warehouse Thing."place_id"'},
    ),
    "a key has another target": (
        f'{ALTER} DROP CONSTRAINT "{{place_id}}", ADD FOREIGN KEY (place_id) REFERENCES warehouse_place (name) '
        "DEFERRABLE INITIALLY DEFERRED",
        {'E014 warehouse Thing."place_id"'},
    ),
    "a key is not valid": (
        f'{ALTER} DROP CONSTRAINT "{{place_id}}", ADD FOREIGN KEY (place_id) REFERENCES warehouse_place '
        "DEFERRABLE INITIALLY DEFERRED NOT VALID",
        {'E015 warehouse Thing."place_id"'},
    ),
    "the triggers of a key are disabled": (f"{ALTER} DISABLE TRIGGER ALL", None),
    "a key is added": (
        f"{ALTER} ADD CONSTRAINT more FOREIGN KEY (number) REFERENCES auth_user",
        {"E018 warehouse Thing.more"},
    ),
    "a key is there that the model does not want": (
        f"{ALTER} ADD CONSTRAINT more FOREIGN KEY (loose_id) REFERENCES warehouse_supplier",
        {"E018 warehouse Thing.more"},
    ),
}
INDEXES = {
    "thing_plain": "(title DESC, number DESC)",
    "thing_lower": "(upper(title) DESC NULLS LAST, number)",
    "thing_partial": "(number) WHERE flag",
    "thing_pattern": "(title)",
    "thing_default": "USING hash (big)",
    "thing_covering": "(number) INCLUDE (title)",
    "thing_collated": "(title)",
    "thing_collated_too": "(lower(title) DESC)",
    "thing_class": "(lower(title))",
    "thing_json": "((data -> 'b'))",
    "thing_sum": "((number - small))",
    "thing_brin": "USING brin (created) WITH (pages_per_range = 8, autosummarize = on)",
    "thing_gin": "USING gin (data)",
    "thing_search": "USING gin (to_tsvector('simple', title))",
    "thing_small_key": "(small) WHERE small > 0",
    "thing_unique_partial": "(day) WHERE flag",
    "thing_unique_everything": "(ratio) WHERE maybe",
}
"""Names of indexes that stay, each with another definition."""
DAMAGES |= {
    f"the index {name} is another": (
        f"DROP INDEX {name}; CREATE INDEX {name} ON {THING} {definition}",
        {f"E011 warehouse Thing.{name}"},
    )
    for name, definition in INDEXES.items()
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_damage_is_found_and_its_hint_mends_it(shop, damage):
    sql, expected = DAMAGES[damage]
    keys = shop.rows(
        "SELECT attname, conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] "
        "WHERE contype = 'f' AND conrelid = '\"warehouse Thing\"'::regclass"
    )
    for column, name in keys:
        sql = sql.replace("{" + column + "}", name)

    shop.execute(sql)
    report = verify()

    assert report.verdict == "drift"
    assert all(one.hint for one in report.findings)
    if expected is not None:
        assert found(report) == {f"schema.{one}" for one in expected}
    mend(shop, report)


def mend(shop, report):
    """Type what the hints say, where they are statements; then the schema is as declared."""
    typed = [one for finding in report.findings for one in statements(finding.hint)]
    if len({one.id for one in report.findings if statements(one.hint)}) < len({one.id for one in report.findings}):
        return
    for one in sorted(typed, key=lambda one: not one.startswith(("DROP", "ALTER"))):
        shop.execute(one)

    assert found(verify()) == set()
