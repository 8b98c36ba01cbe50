"""What a `migrate` did: Django's record before and after it, and which migrations were really run."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.migrations.recorder import MigrationRecorder

from migrations_safety.postgresql.connection import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What one `migrate` did, by labels of migrations."""

    applied: tuple[str, ...]
    unapplied: tuple[str, ...]
    recorded: tuple[str, ...]
    """Recorded as applied, and not run (`--fake`, adopted baselines)."""
    forgotten: tuple[str, ...]
    """Whose record was removed, and not run (`--fake`, `--prune`)."""
    made_tables: bool = False
    """Tables of apps without migrations were asked for (`--run-syncdb`)."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Other database aliases that were written to, with the first migration that did."""

    @property
    def verdict(self) -> str:
        """`applied`, `unapplied`, `recorded` (nothing was run) or `nothing to do`."""
        if self.unapplied:
            return "unapplied"
        if self.applied or self.made_tables:
            return "applied"
        return "recorded" if self.recorded or self.forgotten else "nothing to do"

    def as_dict(self) -> dict[str, list[str]]:
        """The four lists, without those that are empty."""
        names = ("applied", "unapplied", "recorded", "forgotten")
        return {name: list(getattr(self, name)) for name in names if getattr(self, name)}


@dataclass(kw_only=True)
class History:
    """Django's record from now on; `ran` takes the labels of migrations whose operations were run, in their order."""

    connection: Connection
    makes_tables: bool = False
    ran: list[str] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before = self.now()

    def now(self) -> list[str]:
        """The recorded migrations."""
        return [".".join(app_and_name) for app_and_name in MigrationRecorder(self.connection).applied_migrations()]

    def done(self) -> Done:
        """What has changed since."""
        now = self.now()
        new = [label for label in now if label not in self.before]
        gone = [label for label in self.before if label not in now]
        ran = dict.fromkeys(self.ran)  # each once, however often it was tried
        return Done(
            applied=tuple(label for label in ran if label in new),
            unapplied=tuple(label for label in ran if label in gone),
            recorded=tuple(label for label in new if label not in self.ran),
            forgotten=tuple(label for label in gone if label not in self.ran),
            made_tables=self.makes_tables,
            elsewhere=dict(self.elsewhere),
        )
