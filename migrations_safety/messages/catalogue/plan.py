"""Kinds of findings of the area plan: what migrations do besides their keys."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="plan.E001",
        title="Plan alters what does not exist",
        help=(
            "A pending migration alters, renames or drops a table or column that does not exist, so it would "
            "fail. Find out who dropped or moved it, and put it back. Or take the operation out of the "
            "migration."
        ),
    ),
    FindingKind(
        id="plan.W001",
        title="Plan runs code that was not read",
        help=(
            "The plan runs RunPython, RunSQL or operations of other packages, which nobody checked. Such code "
            "may change any row, lock any table and reach outside. Read it, and try it on a copy of the "
            "database."
        ),
    ),
    FindingKind(
        id="plan.W002",
        title="Migration drops a table with rows",
        help=("A migration drops a table that holds rows, and they are lost. Keep them first with `pg_dump`."),
    ),
    FindingKind(
        id="plan.W003",
        title="Migration drops a column with values",
        help=("A migration drops a column that holds values, and they are lost. Keep them first with `pg_dump`."),
    ),
    FindingKind(
        id="plan.W004",
        title="Name is taken, code may free it",
        help=(
            "A migration gives a table or index a name that something else has now. Code that runs before may "
            "free it; whether it does is unknown. Read the code."
        ),
    ),
    FindingKind(
        id="plan.W005",
        title="Altered table or column is missing, code may create it",
        help=(
            "A migration alters something that does not exist now. Code that runs before may create it; whether "
            "it does is unknown. Read the code."
        ),
    ),
    FindingKind(
        id="plan.W006",
        title="Contents of a dropped table or column were not checked",
        help=(
            "A migration drops a table or column, and whether it holds anything was not checked. `precheck` "
            "checks it without `--no-data` and as a role that may read the table."
        ),
    ),
    FindingKind(
        id="plan.W007",
        title="Code may drop a table or column",
        help=(
            "A table or column leaves the models, and code does the work in the database. The text of that code "
            "has a word for dropping, or cannot be read, so the contents may be lost. Read the code, and keep "
            "the rows first with `pg_dump`."
        ),
    ),
    FindingKind(
        id="plan.I001",
        title="Operations that are not judged",
        help=(
            "The plan has operations on existing tables whose locks, rewrites and losses are not judged yet. "
            "`migrate --plan` lists them, and `sqlmigrate` prints their statements."
        ),
    ),
)
