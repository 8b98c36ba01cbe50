"""Kinds of findings of the area audit: what audit_runs says about the record."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="audit.E001",
        title="Event was changed",
        help=(
            "An event was changed after it was written: its content does not match its hash. Ask who may write "
            "to `migrations_safety_run`, and compare it with a backup."
        ),
    ),
    FindingKind(
        id="audit.E002",
        title="Event does not follow the one before it",
        help=(
            "An event does not follow the one before it: an event was removed, inserted or moved. Ask who may "
            "write to `migrations_safety_run`, and compare it with a backup."
        ),
    ),
    FindingKind(
        id="audit.E003",
        title="Last events are missing",
        help=(
            "Numbers were given to events that do not exist. The last events were removed, or as many attempts "
            "to write one failed. Ask who may write to `migrations_safety_run`, and compare it with a backup."
        ),
    ),
)
