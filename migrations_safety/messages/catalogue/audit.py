"""Kinds of findings of the area audit: what audit_runs reports about the record of runs."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="audit.E001",
        title="Event was changed",
        help=(
            "An event in the record of runs was changed after it was written, because its content does not match its"
            " hash. Find out who may write to `migrations_safety_run`, and compare the table with a backup."
        ),
    ),
    FindingKind(
        id="audit.E002",
        title="Event does not follow the one before it",
        help=(
            "An event in the record of runs does not carry the hash of the event before it, so an event was removed,"
            " inserted or moved. Find out who may write to `migrations_safety_run`, and compare the table with a "
            "backup."
        ),
    ),
    FindingKind(
        id="audit.E003",
        title="Last events are missing",
        help=(
            "The sequence of the record of runs has given out numbers for which no event exists. The last events "
            "were removed, or as many attempts to write an event failed. Find out who may write to "
            "`migrations_safety_run`, and compare the table with a backup."
        ),
    ),
    FindingKind(
        id="audit.I001",
        title="No trigger protects the record",
        help=(
            "The trigger that refuses changes of the record of runs is missing or disabled. Some servers refuse "
            "triggers on a distributed table, and there the record is kept without it. A change of an event "
            "still shows, because each event holds the hash of the event before it. Elsewhere, find out who removed "
            "the trigger."
        ),
    ),
)
