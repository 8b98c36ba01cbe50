"""Kinds of findings of the area partition: partitioned tables."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="partition.W001",
        title="Foreign key on a partitioned table blocks writers",
        help=(
            "One statement adds the foreign key to all partitions and reads all their rows. Meanwhile all writers of"
            " the table and of its parent table wait. Declare the foreign key as a `ForeignKeyConstraint`, which "
            "`migrate` adds in two steps. Or migrate while nobody writes, with `--max-stall 0`."
        ),
    ),
    FindingKind(
        id="partition.I001",
        title="Foreign key is added partition by partition",
        help=(
            "Before version 18, PostgreSQL accepts no NOT VALID foreign key on a partitioned table. So `migrate` "
            "adds the foreign key to each partition and validates it there, and only then adds it to the partitioned"
            " table. There is nothing that you have to do."
        ),
    ),
)
