"""The catalogue of findings: every id with its title, level, area and help, declared once, one module per area."""

from migrations_safety.messages.catalogue import (
    audit,
    locks,
    partition,
    plan,
    privilege,
    references,
    rollback,
    schema,
    tables,
    target,
    types,
)

AREAS = (target, privilege, tables, rollback, plan, types, references, locks, partition, schema, audit)
CATALOGUE = {kind.id: kind for area in AREAS for kind in area.KINDS}
