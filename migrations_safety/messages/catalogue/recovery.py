"""Kinds of findings of the area recovery: what helps after a deploy."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="recovery.E001",
        title="Rollback would lose rows or values",
        help=(
            "The rollback drops a table or a column that holds what nobody can make again. Placeholders that a "
            "recorded run has made and that nobody has changed do not count. Save the rows elsewhere, or leave the "
            "migration applied and drop the foreign keys alone."
        ),
    ),
    FindingKind(
        id="recovery.W001",
        title="Rollback reaches another app",
        help=(
            "Migrations of another app depend on those that are unapplied, so they are unapplied first. The report "
            "names them in their order."
        ),
    ),
    FindingKind(
        id="recovery.I001",
        title="References stay nullified",
        help=(
            "References that `--nullify` has set to NULL were not restored. Their earlier values are kept in "
            "`migrations_safety_before_image`."
        ),
    ),
)
