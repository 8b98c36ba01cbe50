"""Fields whose columns are exactly what a Prisma backend makes: ids, enums and timestamps."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Func

CANONICAL_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


ID_TYPES = ("uuid", "text")


def is_id_type(column_type: str | None) -> bool:
    """Whether a column's declared type is that of an `IdField`: in upper case, which no other field's is."""
    return column_type in {one.upper() for one in ID_TYPES}


def id_type() -> str:
    """`uuid` or `text`: the setting MIGRATIONS_SAFETY_ID_TYPE, `uuid` where it is not set."""
    return getattr(settings, "MIGRATIONS_SAFETY_ID_TYPE", "uuid")


def id_pattern() -> str:
    """What ids of the house's own format look like: MIGRATIONS_SAFETY_ID_PATTERN, empty where it is not set."""
    return getattr(settings, "MIGRATIONS_SAFETY_ID_PATTERN", "")


def id_pattern_name() -> str:
    """What a person sets it by."""
    return getattr(settings, "MIGRATIONS_SAFETY_ID_PATTERN_NAME", "MIGRATIONS_SAFETY_ID_PATTERN")


def new_id() -> uuid.UUID | str:
    """A fresh version 4 UUID, as a `str` where ids are text."""
    fresh = uuid.uuid4()
    return fresh if id_type() == "uuid" else str(fresh)


class IdField(models.Field):  # type: ignore[type-arg]  # Django's fields are generic to the stubs alone
    """An id that is `uuid` or `text`, as the database's existing ids are (MIGRATIONS_SAFETY_ID_TYPE).

    A key between `uuid` and `text` is an error in PostgreSQL (42804), so one setting decides for all. Unlike
    a text primary key of Django's own, it makes no `_like` index beside the key.
    """

    description = "An id, uuid or text by setting"
    empty_strings_allowed = False

    def db_type(self, connection: Any) -> str:
        """`UUID` or `TEXT`; upper case, because Django adds a `_like` index to what starts with `text`."""
        return id_type().upper()

    def rel_db_type(self, connection: Any) -> str:
        """The type of a column that references this one: the same."""
        return self.db_type(connection)

    def to_python(self, value: Any) -> Any:
        """A UUID from its canonical spelling only, or the text itself; ValidationError for another spelling.

        `uuid.UUID()` also accepts spellings that denote another patient once a character is missing.
        """
        if value is None or isinstance(value, uuid.UUID):
            return value if value is None or id_type() == "uuid" else str(value)
        if id_type() == "text":
            return str(value)
        if isinstance(value, str) and CANONICAL_UUID.fullmatch(value):
            return uuid.UUID(value)
        raise ValidationError("An id here is a UUID in lower case with hyphens.", code="invalid")

    def get_prep_value(self, value: Any) -> Any:
        """The value as the driver sends it."""
        return self.to_python(super().get_prep_value(value))


class EnumField(models.CharField):  # type: ignore[type-arg]  # Django's fields are generic to the stubs alone
    """A column of a PostgreSQL enum type that a `CreateEnum` operation made.

    `enum_name` is the type's name, case kept; `choices` are its labels for forms.
    """

    description = "A label of the PostgreSQL enum %(enum_name)s"

    def __init__(self, *args: Any, enum_name: str, **kwargs: Any) -> None:
        self.enum_name = enum_name
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """The constructor's arguments, for migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "enum_name": self.enum_name}

    def check(self, **kwargs: Any) -> list[Any]:
        """Django's checks of a field, less the one that wants a `max_length`."""
        return [message for message in super().check(**kwargs) if message.id != "fields.E120"]

    def db_type(self, connection: Any) -> str:
        """The type's name, quoted."""
        return str(connection.ops.quote_name(self.enum_name))


class TimestampField(models.DateTimeField):  # type: ignore[type-arg]  # Django's fields are generic to the stubs alone
    """A moment in time as Prisma's `@db.Timestamptz(6)` stores it; the precision is written out."""

    def db_type(self, connection: Any) -> str:
        """`timestamptz(6)`."""
        return "timestamptz(6)"


class CurrentTimestamp(Func):
    """The column default CURRENT_TIMESTAMP; Django's `Now()` renders STATEMENT_TIMESTAMP(), another default."""

    template = "CURRENT_TIMESTAMP"
    output_field = models.DateTimeField()
