"""The options of one rehearsal as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a deploy may take at most; more fails the rehearsal."""

    stall_ms: int = 1000
    """How long one write of the application may wait: up to a second people at a screen take it as immediate."""
    lock_ms: int = 1000
    """How long a lock that stops writers may be held on an existing table."""
    seconds: int = 3600
    """How long the deploy may take, without its rollback."""
    wal_mb: int = 10240
    """How much WAL the deploy may write, which standbys and archives have to follow."""
    growth_percent: int = 50
    """By how much the database may grow."""
    growth_mb: int = 1000
    """Growth by so many megabytes is allowed, however small the database is."""

    def as_dict(self) -> dict[str, int]:
        """Return the limits by name, for the JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class RehearsalOptions:
    """What is rehearsed, where, and what it may take."""

    using: str
    app_label: str | None = None
    migration_name: str | None = None
    expect_database: str | None = None
    expect_schema: str | None = None
    scratch_url: str | None = None
    backup: str | None = None
    """The archive that the copy is restored from; None for a dump of the database as it is now."""
    clone_command: str | None = None
    """A command that makes a copy and prints its URL."""
    clone_cleanup_command: str | None = None
    keys_only: bool = False
    """Whether the copy gets replaced keys and made-up rows."""
    keep: bool = False
    writers: int = 2
    backfill: tuple[str, ...] | None = None
    """The options of `backfill_placeholders`; None where the deploy does not run it."""
    opens_network: bool = False
    limits: Limits = field(default_factory=Limits)
