"""The catalogue of findings: each id is declared once, with its title and help, in the module of its area.

`AREAS` has these modules in their order, and `CATALOGUE` maps each id to its FindingKind.
"""

from migrations_safety.messages.catalogue import (
    application,
    audit,
    backup,
    data,
    drift,
    locks,
    partition,
    plan,
    privilege,
    recovery,
    recovery_diagnosis,
    references,
    rehearsal,
    rollback,
    schema,
    tables,
    target,
    types,
)

AREAS = (
    target, privilege, tables, rollback, plan, data, types, references, locks, partition, application, schema, drift,
    audit, backup, rehearsal, recovery, recovery_diagnosis,
)  # fmt: skip
CATALOGUE = {kind.id: kind for area in AREAS for kind in area.KINDS}
ACCEPTABLE_AREAS = ("plan", "data", "locks", "application", "drift")
"""The areas whose findings a migration may accept; those of other areas say that nothing may run at all."""
ACCEPTANCE_IDS = ("plan.W011", "plan.W012", "plan.W013", "plan.I010")
"""The findings about acceptances, which cannot be accepted themselves."""
