"""The tests of Django that do not pass with our commands, each with its reason (also in docs/other-projects.md)."""

from __future__ import annotations

OF_MIGRATE = "migrations.test_commands.MigrateTests."
GATE = (
    "It expects the database's error about a table that is there already; the gate refuses before that (tables.E004)."
)
DIFFERENCES = {
    OF_MIGRATE + "test_migrate_fake_initial": GATE,
    OF_MIGRATE + "test_migrate_initial_false": GATE,
    OF_MIGRATE + "test_migrate_inconsistent_history": (
        "Django's sentence comes as Stopped, a CommandError, and not as InconsistentMigrationHistory: one class for "
        "all that ends a command."
    ),
}
"""By the test's id."""
