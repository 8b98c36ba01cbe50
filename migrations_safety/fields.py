"""Model fields whose columns are exactly those that a Prisma backend creates: ids, enums and timestamps."""

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
    """Whether a declared column type is that of an `IdField`. Only an IdField gives its type in upper case."""
    return column_type in {one.upper() for one in ID_TYPES}


def id_type() -> str:
    """The column type of ids, `uuid` or `text`: the setting MIGRATIONS_SAFETY_ID_TYPE, by default `uuid`."""
    return getattr(settings, "MIGRATIONS_SAFETY_ID_TYPE", "uuid")


def id_type_name() -> str:
    """The name of the setting for `id_type` in messages.

    A project may read the setting from an environment variable and give its name as MIGRATIONS_SAFETY_ID_TYPE_NAME.
    """
    return getattr(settings, "MIGRATIONS_SAFETY_ID_TYPE_NAME", "MIGRATIONS_SAFETY_ID_TYPE")


def id_pattern() -> str:
    """The regular expression for ids in the site's own format: the setting MIGRATIONS_SAFETY_ID_PATTERN.

    An empty string where the setting is not set.
    """
    return getattr(settings, "MIGRATIONS_SAFETY_ID_PATTERN", "")


def id_pattern_name() -> str:
    """The name of the setting for `id_pattern` in messages.

    A project may read the setting from an environment variable and give its name as MIGRATIONS_SAFETY_ID_PATTERN_NAME.
    """
    return getattr(settings, "MIGRATIONS_SAFETY_ID_PATTERN_NAME", "MIGRATIONS_SAFETY_ID_PATTERN")


def new_id() -> uuid.UUID | str:
    """A new random id: a version 4 UUID, as a `str` where the type of ids is `text`."""
    fresh = uuid.uuid4()
    return fresh if id_type() == "uuid" else str(fresh)


class IdField(models.Field):  # type: ignore[type-arg]  # Django's fields are generic to the stubs alone
    """An id whose column is `uuid` or `text`, as the setting MIGRATIONS_SAFETY_ID_TYPE says.

    PostgreSQL refuses a foreign key between `uuid` and `text` (SQLSTATE 42804), so one setting decides for all ids.
    Unlike a text primary key in Django, this field gets no additional `_like` index.
    """

    description = "An id, uuid or text by setting"
    empty_strings_allowed = False

    def db_type(self, connection: Any) -> str:
        """Return `UUID` or `TEXT`, in upper case because Django adds a `_like` index for a type that begins `text`."""
        return id_type().upper()

    def rel_db_type(self, connection: Any) -> str:
        """Return the type of a column that references this one, which is the same type."""
        return self.db_type(connection)

    def to_python(self, value: Any) -> Any:
        """Return the id as a UUID, or as a `str` where the type of ids is `text`; None stays None.

        Raises ValidationError for a UUID that is not in lower case with hyphens. `uuid.UUID()` accepts other spellings,
        too, and one of these may be the id of another patient when a character is missing.
        """
        if value is None or isinstance(value, uuid.UUID):
            return value if value is None or id_type() == "uuid" else str(value)
        if id_type() == "text":
            return str(value)
        if isinstance(value, str) and CANONICAL_UUID.fullmatch(value):
            return uuid.UUID(value)
        raise ValidationError("An id here is a UUID in lower case with hyphens.", code="invalid")

    def get_prep_value(self, value: Any) -> Any:
        """Return the value as the driver sends it to the server. Raises ValidationError as `to_python` does."""
        return self.to_python(super().get_prep_value(value))


class EnumField(models.CharField):  # type: ignore[type-arg]  # Django's fields are generic to the stubs alone
    """A column whose type is a PostgreSQL enum, which a `CreateEnum` operation has created.

    `enum_name` is the name of the enum, with upper and lower case as in PostgreSQL. `choices` are its labels for forms.
    """

    description = "A label of the PostgreSQL enum %(enum_name)s"

    def __init__(self, *args: Any, enum_name: str, **kwargs: Any) -> None:
        self.enum_name = enum_name
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Return the name, the path of the class and the constructor's arguments, which the migration writer needs."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "enum_name": self.enum_name}

    def check(self, **kwargs: Any) -> list[Any]:
        """Return the messages of Django's checks of a CharField, except the one about a missing `max_length`."""
        return [message for message in super().check(**kwargs) if message.id != "fields.E120"]

    def db_type(self, connection: Any) -> str:
        """Return the quoted name of the enum."""
        return str(connection.ops.quote_name(self.enum_name))


class TimestampField(models.DateTimeField):  # type: ignore[type-arg]  # Django's fields are generic to the stubs alone
    """A point in time in a column of type `timestamptz(6)`, as Prisma's `@db.Timestamptz(6)` creates it."""

    def db_type(self, connection: Any) -> str:
        """Return `timestamptz(6)`."""
        return "timestamptz(6)"


class CurrentTimestamp(Func):
    """The column default CURRENT_TIMESTAMP. Django's `Now()` would give STATEMENT_TIMESTAMP(), another default."""

    template = "CURRENT_TIMESTAMP"
    output_field = models.DateTimeField()
