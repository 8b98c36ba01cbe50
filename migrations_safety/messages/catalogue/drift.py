"""Kinds of findings of the area drift: the database is not what its applied migrations make."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="drift.W001",
        title="Object of an applied migration is missing",
        help=(
            "The applied migrations make a table, column, index, constraint or foreign key that does not exist, so "
            "somebody dropped it or never made it. What `precheck` says of the plan is said of the database as it is."
            " Put the object back, or write a migration that drops it from the models alone."
        ),
    ),
    FindingKind(
        id="drift.W002",
        title="Object differs from what the migrations made",
        help=(
            "A table, column, index, constraint or foreign key differs from what the applied migrations make, so "
            "somebody changed it by hand. What `precheck` says of the plan is said of the database as it is. Change the"
            " object back, or write a migration that tells the models of the change."
        ),
    ),
    FindingKind(
        id="drift.W003",
        title="Object that no migration made",
        help=(
            "A table of the project has a column, index, constraint or foreign key that no applied migration made, so "
            "somebody made it by hand. It is not on databases that the migrations made. Drop the object, or write a "
            "migration that tells the models of it."
        ),
    ),
)
