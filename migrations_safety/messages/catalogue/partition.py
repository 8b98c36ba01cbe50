"""Kinds of findings of the area partition: partitioned tables."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="partition.W001",
        title="Key on a partitioned table blocks writers",
        help=(
            "One statement adds the key to all partitions and reads all their rows. Writers of the table and of "
            "its parent wait as long as that takes. Declare the key as a `ForeignKeyConstraint`, which is added "
            "in two steps. Or migrate while nobody writes, with `--max-stall 0`."
        ),
    ),
    FindingKind(
        id="partition.I001",
        title="Key is added partition by partition",
        help=(
            "PostgreSQL before version 18 accepts no NOT VALID key on a partitioned table. `migrate` adds the "
            "key to each partition, validates it there, and then adds it to the table. There is nothing to do."
        ),
    ),
)
