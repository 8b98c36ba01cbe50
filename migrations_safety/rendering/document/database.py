"""Words which database a report is about, for the text and the document alike."""

from __future__ import annotations

from datetime import datetime

from migrations_safety.measurement.embedded_target import EmbeddedTarget
from migrations_safety.messages.humanize import pluralize
from migrations_safety.postgresql.target import Target
from migrations_safety.rendering.document.values import Fact


def database(target: Target) -> str:
    """Return one line that describes the database on which the command worked."""
    where = f'{target.host}:{target.port}, schema "{target.schema}"'
    return f'Database "{target.name}" at {where}, {server(target)}, as "{target.role}".'


def facts_of_embedded(target: Target, made: EmbeddedTarget, *, at: datetime) -> tuple[Fact, ...]:
    """Return the same of a database that was made from the migrations for this report alone."""
    earlier = pluralize(made.earlier, "migration")
    what = f"made for this review from the {earlier} before {made.revision}, without rows, on {server(target)}"
    return Fact(label="Date", value=f"{at:%Y-%m-%d %H:%M %Z}".strip()), Fact(label="Database", value=what)


def facts(target: Target, *, at: datetime) -> tuple[Fact, ...]:
    """Return when and on which database a command worked."""
    return (
        Fact(label="Date", value=f"{at:%Y-%m-%d %H:%M %Z}".strip()),
        Fact(label="Database", value=target.name),
        Fact(label="Server", value=f"{target.host}:{target.port}, {server(target)}"),
        Fact(label="Schema", value=target.schema),
        Fact(label="Role", value=target.role),
    )


def server(target: Target) -> str:
    """Return the version of the server, and whether it is a primary or a standby."""
    role = "primary"
    if target.in_recovery:
        behind = (
            "behind by an unknown time" if target.seconds_behind is None else f"{target.seconds_behind:.1f} s behind"
        )
        role = f"standby, {behind}"
    return f"PostgreSQL {target.server_version}, {role}"
