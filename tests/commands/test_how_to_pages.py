"""The how-to pages are followed as they stand, each on a real database."""

import shlex
import signal

import pytest

from tests.support.cluster import schema
from tests.support.factories import new_id, refer
from tests.support.page_project import PageProject
from tests.support.pages import Command, Sql, blocks

pytestmark = [pytest.mark.slow, pytest.mark.any_postgresql]

REQUIRED_KEY = list(blocks("how-to/add-a-required-key.md"))
START = 1 + next(at for at, one in enumerate(REQUIRED_KEY) if isinstance(one, Command) and "migrate" in one.text)
RESUME = list(blocks("how-to/resume-a-deploy.md"))
BY_HAND = list(blocks("how-to/apply-by-hand.md"))
DEPLOY = list(blocks("how-to/deploy.md"))
ROLL_BACK = list(blocks("how-to/roll-back.md"))
NIL = "00000000-0000-0000-0000-000000000000"
BILLS = 'SELECT id, "patientId" FROM bills ORDER BY id'
COLUMN = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'shop_order'::regclass AND attname = 'customer_id'"
KEY = "SELECT convalidated FROM pg_constraint WHERE conname = 'shop_order_customer_id_fkey'"
UNFILLED = "SELECT count(*) FROM shop_order WHERE customer_id IS NULL"
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


@pytest.fixture
def shop(empty, tmp_path):
    """The project of the page after its first `migrate`, with customers 1 to 50 and 2,500 orders."""
    project = PageProject(folder=tmp_path, database=empty, app="shop")
    project.follow(REQUIRED_KEY[:START])
    empty.execute("INSERT INTO shop_customer (number) SELECT n FROM generate_series(1, 50) AS n")
    empty.execute("INSERT INTO shop_order (customer_number) SELECT 1 + n % 50 FROM generate_series(1, 2500) AS n")
    return project


def test_a_required_key_is_added_as_its_page_says(shop):
    shop.follow(REQUIRED_KEY[START:])

    assert shop.database.rows(COLUMN) == [(True,)]
    assert shop.database.rows(KEY) == [(True,)]
    assert shop.database.value(UNFILLED) == 0
    assert shop.type("python manage.py precheck").out.splitlines()[-1].startswith("Nothing to do")


def test_rows_without_a_parent_stop_the_page_where_it_says(shop):
    shop.database.execute("INSERT INTO shop_order (customer_number) VALUES ('nobody'), ('nobody')")
    *steps, last = [one for one in REQUIRED_KEY[START:] if not isinstance(one, Sql)]
    shop.follow(steps)

    stopped = shop.type(last.text)
    left = shop.database.value(REQUIRED_KEY[-1].text)
    shop.database.execute("DELETE FROM shop_order WHERE customer_id IS NULL")
    again = shop.type(last.text)

    assert stopped.code == 2
    assert "0008_validate_order_customer" in stopped.err
    assert "23514" in stopped.err
    assert (left, again.code) == (2, 0)


def test_a_killed_deploy_is_resumed_as_its_page_says(make):
    hospital = make("empty", name="hospital")
    hospital.execute(schema("legacy", "uuid"))
    refer(hospital, "bills", new_id())
    assert hospital.run("backfill_placeholders").code == 0
    with hospital.session("LOCK TABLE bills IN ROW EXCLUSIVE MODE"), hospital.start("migrate") as running:
        hospital.wait_for(WAITS)
        at_work = hospital.rows(query(RESUME))
        running.send_signal(signal.SIGKILL)
        running.communicate(timeout=120)
    hospital.wait_for(f"SELECT NOT EXISTS ({query(RESUME)})")

    told = follow(hospital, RESUME)

    assert len(at_work) == 1
    assert "migrate  killed or still at work" in told[0].out
    assert told[-1].out.splitlines()[-1].startswith("Verified:")


def test_the_sql_is_applied_by_hand_as_its_page_says(hospital):
    refer(hospital, "bills", new_id())

    told = follow(hospital, BY_HAND)

    assert told[-1].out.splitlines()[-1].startswith("Verified:")


def test_a_deploy_is_rolled_back_as_its_page_says(make):
    hospital = make("hospital", name="hospital")
    refer(hospital, "bills", new_id())
    refer(hospital, "bills", NIL)
    before = hospital.rows(BILLS)
    for command in ("backfill_placeholders", "backfill_placeholders --nullify bills", "migrate"):
        done = hospital.run(*command.split())
    assert done.code == 0, done.said

    follow(hospital, ROLL_BACK)

    assert hospital.rows(BILLS) == before
    assert hospital.value("SELECT to_regclass('patients')") is None


@pytest.mark.timeout(600)  # with a rehearsal and a restore
def test_a_night_goes_as_the_runbook_says_and_leaves_no_trace(make, tmp_path):
    hospital = make("hospital", name="hospital")
    refer(hospital, "bills", new_id(), new_id())
    before = hospital.rows(BILLS)

    told = follow(
        hospital, DEPLOY, {"/backups/hospital": f"{tmp_path}/backups", "rehearsal.json": f"{tmp_path}/rehearsal.json"}
    )

    said = "".join(one.out for one in told)
    assert "Verified:" in said
    assert "is the last backup" in said
    assert "stands on the backup" in said
    assert "stands on the rehearsal rehearsal.json" in said
    assert hospital.rows(BILLS) == before
    assert hospital.value("SELECT to_regclass('patients')") is None


def query(page):
    (statement,) = [one.text for one in page if isinstance(one, Sql)]
    return statement.strip().rstrip(";")


def follow(database, page, places=None):
    """Run the commands of a page in our own project; what each said. What a page hands to psql is run.

    `places` are paths of the page with those that stand for them here.
    """
    told = []
    for command in [one for one in page if isinstance(one, Command)]:
        ours, _, to_psql = command.text.partition(" | ")
        for place, here in (places or {}).items():
            ours = ours.replace(place, here)
        words = shlex.split(ours)[2:]
        told.append(database.run(*words))
        assert told[-1].code == command.code, told[-1].said
        if "psql" in to_psql:
            database.execute(told[-1].out)
    return told
