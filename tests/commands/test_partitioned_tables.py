"""What is said of keys at partitioned tables is what happens: Django's own is one statement, ours are steps."""

import pytest

from tests.support.in_process import installed, migrate
from tests.support.precheck_findings import look, told
from tests.support.sample_app import SampleApp

FIELD = "models.ForeignKey('ward.Order', models.DO_NOTHING, null=True, db_constraint={})"
RESULT = f"migrations.CreateModel('Result', [('id', models.BigAutoField(primary_key=True)), ('order', {FIELD})])"
ORDER = "migrations.CreateModel('Order', [('id', models.BigIntegerField(primary_key=True))])"
OF_DJANGO = f"migrations.AlterField('Result', 'order', {FIELD.format(True)})"
KEY = "migrations_safety.constraints.ForeignKeyConstraint(field='order', name='result_order', on_delete='RESTRICT')"
OURS = f"migrations_safety.operations.AddForeignKeyNotValid('Result', {KEY})"
ADDED_PLAINLY = f"migrations.AddConstraint('Result', {KEY})"
WHOLE = "CREATE TABLE ward_order (id bigint PRIMARY KEY)"
WHOLE_RESULT = "CREATE TABLE ward_result (id bigserial PRIMARY KEY, order_id bigint)"
PARTITIONED_RESULT = """
    CREATE TABLE ward_result (id bigint, day int, order_id bigint) PARTITION BY RANGE (day);
    CREATE TABLE ward_result_a PARTITION OF ward_result FOR VALUES FROM (0) TO (10);
    CREATE INDEX ON ward_result (order_id)
"""
WAITS = (
    'ward_result."order_id" is in a partitioned table, and one statement adds its key and reads all rows. '
    "Writers of it and of ward_order wait as long as that takes (SHARE ROW EXCLUSIVE)."
)
NEVER = (
    'ward_order is partitioned by "day", and every unique index there has to contain that (0A000). '
    "So no key can reference this column alone. Declare the ForeignKey with db_constraint=False."
)


@pytest.fixture
def ward(tmp_path, empty, in_process):
    """`ward(operation, tables)`: the tables are there, the operation is pending."""
    in_process(empty)
    app = SampleApp(tmp_path)
    app.migration("0001_initial", f"{ORDER}, {RESULT.format(False)}")
    with installed(app):

        def make(operation, tables):
            app.migration("0002_key", operation, after=("ward", "0001_initial"))
            migrate("ward", "0001", fake=True)
            empty.execute(tables)

        yield make


@pytest.mark.parametrize("operation", [OF_DJANGO, ADDED_PLAINLY], ids=["django", "plain"])
def test_a_key_that_is_one_statement_is_said_to_keep_writers_waiting(ward, operation):
    ward(operation, f"{WHOLE}; {PARTITIONED_RESULT}")

    found = look(app_label="ward")

    assert told(found, "partition.W001") == [WAITS]
    assert "partition.I001" not in found


def test_a_key_that_is_added_in_steps_is_not(ward, empty):
    ward(OURS, f"{WHOLE}; {PARTITIONED_RESULT}")

    found = look(app_label="ward")

    assert "partition.W001" not in found
    assert ("partition.I001" in found) is (empty.server.version < 18)


@pytest.mark.parametrize(
    ("parent", "hint"),
    [
        (
            "CREATE TABLE ward_order (id bigint, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
            NEVER,
        ),
        (
            """CREATE TABLE ward_order (id bigint, day date) PARTITION BY HASH (id);
               CREATE TABLE ward_order_a PARTITION OF ward_order FOR VALUES WITH (MODULUS 1, REMAINDER 0)
               PARTITION BY LIST (day)""",
            NEVER,
        ),
        (
            "CREATE TABLE ward_order (id bigint) PARTITION BY HASH (id)",
            'CREATE UNIQUE INDEX ON ward_order ("id");',
        ),
        ("CREATE TABLE ward_order (id bigint)", 'CREATE UNIQUE INDEX CONCURRENTLY ON ward_order ("id");'),
    ],
    ids=["by another column", "its partitions by another column", "by the column", "not at all"],
)
def test_a_parent_that_is_not_unique_is_told_what_is_possible(ward, empty, parent, hint):
    ward(OF_DJANGO, f"{parent}; {WHOLE_RESULT}")

    (before,) = look(app_label="ward")["tables.E006"]
    if before.hint.startswith("CREATE"):
        empty.execute(before.hint)

    assert before.hint == hint
    assert ("tables.E006" in look(app_label="ward")) is (not hint.startswith("CREATE"))
