"""Steps without a reverse are named before anything is undone, and those with code of their own are not judged."""

import pytest

from migrations_safety.management.errors import Stopped
from tests.support.precheck_findings import told
from tests.support.rollback import BED, FIRST, applied, back, migrate, refused

ONCE = "migrations.RunPython(once)"
CODE = "def once(apps, editor): pass\ndef undo(apps, editor): pass"
WITHOUT_REVERSE = {
    "RunPython": (ONCE, "operation 1 (RunPython once)"),
    "RunSQL": ("migrations.RunSQL('SELECT 1')", "operation 1 (RunSQL)"),
    "inside": (
        f"migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL('SELECT 1', ''), {ONCE}])",
        "operation 1 (SeparateDatabaseAndState: RunPython once)",
    ),
    "deeper inside": (
        "migrations.SeparateDatabaseAndState([migrations.SeparateDatabaseAndState([migrations.RunSQL('SELECT 1')])])",
        "operation 1 (SeparateDatabaseAndState: SeparateDatabaseAndState: RunSQL)",
    ),
    "of the project": ("Own()", "operation 1 (Custom operation)"),
}
OWN = (
    CODE
    + """
from django.db.migrations.operations.base import Operation
class Own(Operation):
    reversible = False
    def state_forwards(self, *args): pass
    def database_forwards(self, *args): pass
    def describe(self): return 'Custom operation'
"""
)


@pytest.mark.parametrize("kind", WITHOUT_REVERSE)
def test_a_step_without_a_reverse_is_named_before_anything_is_undone(ward, at, kind):
    operation, words = WITHOUT_REVERSE[kind]
    ward.migration("0001_initial", BED)
    ward.migration("0002_once", operation, after=FIRST, before=OWN)
    ward.migration(
        "0003_note", "migrations.AddField('Bed', 'note', models.TextField(null=True))", after=("ward", "0002_once")
    )
    with at(ward) as database:
        found = back()

        assert [one.subject for one in found["rollback.E001"]] == ["ward.0002_once"]
        assert words in found["rollback.E001"][0].message
        assert refused("zero")
        with pytest.raises(Stopped, match=r"ward.0002_once cannot be unapplied: .* Nothing was changed") as stopped:
            migrate("zero", skip_precheck=True)
        assert stopped.value.returncode == 1
        assert len(applied(database)) == 3
        assert "rollback.E001" not in back("0002")
        migrate("0002")
        assert applied(database) == ["0001_initial", "0002_once"]


OPAQUE = {
    "migrations.RunPython(once, undo)": "operation 1 (RunPython once)",
    "migrations.RunSQL('SELECT 1', 'SELECT 2')": "operation 1 (RunSQL)",
    "migrations.SeparateDatabaseAndState([migrations.RunPython(once, undo)])": "operation 1 (RunPython once)",
    "Reversible()": "operation 1 (Custom operation)",
}
REVERSIBLE = (
    OWN
    + """
class Reversible(Own):
    reversible = True
    def database_backwards(self, app_label, editor, from_state, to_state):
        editor.execute('DROP TABLE IF EXISTS nothing')
"""
)


@pytest.mark.parametrize("operation", OPAQUE)
def test_code_of_the_project_on_the_way_back_is_said_not_to_be_looked_at(ward, at, operation):
    ward.migration("0001_initial", operation, before=REVERSIBLE)
    with at(ward):
        found = back()

        assert told(found, "rollback.W005") == [
            "ward.0001_initial runs code or SQL of its own when it is unapplied, which was not checked: "
            f"{OPAQUE[operation]}."
        ]
        migrate("zero")


@pytest.mark.parametrize(
    "operation",
    ["migrations.RunPython(once, migrations.RunPython.noop)", "migrations.RunSQL('SELECT 1', migrations.RunSQL.noop)"],
)
def test_what_does_nothing_on_the_way_back_is_not_spoken_of(ward, at, operation):
    ward.migration("0001_initial", operation, before=CODE)
    with at(ward):
        assert back() == {}


def test_an_operation_made_of_djangos_is_read_as_what_it_is_made_of(ward, at):
    own = (
        "class Own(migrations.CreateModel):\n    def database_backwards(self, *args): super().database_backwards(*args)"
    )
    ward.migration("0001_initial", BED.replace("migrations.CreateModel", "Own"), before=own)
    with at(ward, registered=True) as database:
        database.execute("INSERT INTO ward_bed (name) VALUES ('one')")

        assert set(back()) == {"tables.E007", "rollback.W005"}
