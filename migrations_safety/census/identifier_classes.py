"""Builds the SQL that gives each distinct value its class of identifier (UUID, record number, …) on the server.

docs/reference.md lists the classes and their order under "Classes of identifiers".
"""

from __future__ import annotations

from psycopg import sql

from migrations_safety.census.question import Question
from migrations_safety.census.scan_queries import ScanQueries, wanted
from migrations_safety.postgresql.connection import Connection
from migrations_safety.schema.house_format import is_long_code, is_of_the_house
from migrations_safety.sql.composition import compose, parent_name, send, table_name

NOT_CLASSED = "not_classed"
"""The class of all values that refer to a parent table for which no classes were asked."""
PLACEHOLDER_CLASSES = ("uuid_canonical", "uuid_nonrfc", "opaque", "house_format", NOT_CLASSED)
OTHER_SPELLINGS = ("uuid_noncanonical", "several_spellings")
WARNED_CLASSES = ("uuid_nonrfc", "opaque", "house_format")
MAYBE_IDS = ("integer", "mrn_like", "other_text")
"""Classes that are refused although the values may be ids in a format that only this hospital knows."""
COMPARED = (*OTHER_SPELLINGS, "opaque", "house_format")
"""Classes whose values are compared with each other, because two of them may be the same id in two spellings."""
SENTINEL_WORDS = (
    "null", "undefined", "none", "nil", "nan", "n/a", "na", "unknown", "test", "default", "tbd", "-", "?", "0",
    "-1", "true", "false", "[object object]",
)  # fmt: skip
BLANK = r"[\s\u0001-\u0020\u007f-\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]+"
BLANKS_AROUND = f"^{BLANK}|{BLANK}$"
RECORD_NUMBER = (
    r"^(mrn|medical record|record|patient|pat|pt|hn|uhid|emr|ehr|hosp|chart|file|mr|p|h|rec|reg|op|ip|opd|ipd)"
    r"[ ./:#_-]*(no|nr|num|number|id)?[ ./:#_-]*([a-z]{0,4}[ ./:_-])?[0-9]+([ ./:_-][0-9a-z]{1,12}){0,3}$"
    r"|^mrn[ ./:#_-]"
)
OPAQUE = (
    r"^(c[a-z0-9]{24}|[a-z][a-z0-9]{23}|[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-7][0-9a-hjkmnp-tv-z]{25}"  # cuid, cuid2, ulid
    r"|[A-Za-z0-9_-]{21}|[0-9a-f]{24})$"  # nanoid, ObjectId
)


NAME_LIKE = r"^([0-9]+[-_]*)*(([A-Z][a-z]+|[a-z]{2,}|[A-Z]{2,})[-_]*)+([0-9]+[-_]*)*$"
"""Matches words with digits before or after them: a name with a date of birth can look like a generated id."""
NUMBER_LIKE = (
    r"^[0-9]+$|^(?=.{21}$)(.*([0-9][-_]?){9}"
    r"|(([0-9]+|([A-Z][a-z]+|[a-z]{2,}|[A-Z]{2,})[0-9]*)[-_]+)+([0-9]+|([A-Z][a-z]+|[a-z]{2,}|[A-Z]{2,})[0-9]*)$)"
)
"""Matches telephone numbers and the like that have the length of a generated id.

These are digits alone, or 21 characters with nine digits in a row or with digits and words apart. Of a million
generated nanoids two match (measured); of a million ObjectIds about ten have no letter and match.
"""
VERSION_AND_VARIANT = [f"{14 * '_'}{version}____{variant}{16 * '_'}" for version in "47123568" for variant in "89ab"]
"""LIKE patterns of the UUIDs whose version and variant are those of RFC 9562, the most frequent first."""


def classified(connection: Connection, question: Question, rows: ScanQueries) -> sql.Composed:
    """Build `WITH counted …, classified AS (…)`, with one row for each distinct value.

    The row holds the value, its class of identifier, whether it has a parent, and for each foreign-key column the
    number of rows that hold it (see `rows_of`).
    """
    key = question.keys[0]
    names: dict[str, sql.Composable] = {
        "target": parent_name(key.target_table, schema=question.schema, is_partitioned=question.target_is_partitioned),
        "target_column": sql.Identifier(key.target_column),
    }
    known: dict[str, sql.Composable] = {"is_known": sql.SQL("false"), "join_parent": sql.SQL("")}
    respelled: dict[str, sql.Composable] = {"is_respelled": sql.SQL("false"), "join_respelled": sql.SQL("")}
    if question.target_exists:
        names["parent_value"] = compose("identifier_classes.parent_value", type=value_type(question), **names)
        names["wanted"] = wanted(rows.conditions, names["parent_value"])
        known = {part: compose(f"identifier_classes.{part}", **names) for part in known}
    if question.target_is_text:
        names["respelled_parents"] = _respelled_parents(question)
        respelled = {part: compose(f"identifier_classes.{part}", **names) for part in respelled}
    by_reference = [
        compose(f"identifier_classes.{part}", number=sql.Literal(number), rows=rows_of(number))
        for number in range(len(question.keys))
        for part in ["grouped_rows_of_reference" if number in rows.grouped else "rows_of_reference"]
    ]
    common = compose(
        "identifier_classes.classified",
        scans=rows.together(),
        of_those=compose("identifier_classes.only_orphans") if question.only_orphans else sql.SQL(""),
        rows_by_reference=sql.SQL(",\n").join(by_reference),
        **{"class": _class(connection, question)},
        **known,
        **respelled,
    )
    return common + sql.SQL("\n")


def has_respelled_parents(connection: Connection, question: Question) -> bool:
    """Return whether the parent table has a UUID in another spelling than the canonical one.

    Only then can a value match a parent whose id is spelled otherwise.
    """
    with connection.cursor() as cursor:
        send(
            cursor, compose("identifier_classes.has_respelled_parents", respelled_parents=_respelled_parents(question))
        )
        return bool(cursor.fetchone()[0])


def is_respelled(question: Question) -> sql.Composable:
    """Build the SQL condition that the parent of `person.uuid` has a spelling other than the canonical one."""
    if not question.target_is_text:
        return sql.SQL("false")
    return compose("identifier_classes.person_is_respelled", respelled_parents=_respelled_parents(question))


def _respelled_parents(question: Question) -> sql.Composed:
    key = question.keys[0]
    return compose(
        "identifier_classes.respelled_parents",
        target=parent_name(key.target_table, schema=question.schema, is_partitioned=question.target_is_partitioned),
        target_column=sql.Identifier(key.target_column),
        uuid_spelled=compose("identifier_classes.uuid_spelled"),
        blanks=sql.Literal(BLANKS_AROUND),
    )


def _class(connection: Connection, question: Question) -> sql.Composable:
    if not question.classified:
        return compose("identifier_classes.class_of_any", **{"class": sql.Literal(NOT_CLASSED)})
    by_shape = _class_of_uuid(sql.SQL("known.value::text"), "uuid_canonical", "uuid_nonrfc")
    if question.is_uuid:
        return compose("identifier_classes.class_of_any", **{"class": by_shape})
    shape = "has_uuid_shape_by_type" if connection.pg_version >= 160000 else "has_uuid_shape"
    return compose(
        "identifier_classes.class",
        has_uuid_shape=compose(f"identifier_classes.{shape}"),
        class_of_uuid=by_shape,
        class_of_text=_class_of_text(question),
        uuid_spelled=compose("identifier_classes.uuid_spelled"),
        blanks=sql.Literal(BLANKS_AROUND),
    )


def _class_of_uuid(value: sql.SQL, of_rfc: str, of_no_rfc: str) -> sql.Composed:
    """Build the expression; `of_rfc` and `of_no_rfc` name the classes of UUIDs that follow RFC 9562 or do not."""
    return compose(
        "identifier_classes.class_of_uuid",
        value=value,
        version_and_variant=sql.Literal(VERSION_AND_VARIANT),
        of_rfc=sql.Literal(of_rfc),
        of_no_rfc=sql.Literal(of_no_rfc),
    )


def _class_of_text(question: Question) -> sql.Composable:
    is_record_number: sql.Composable = sql.SQL("false")
    if question.target_exists and question.record_number_column:
        is_record_number = compose(
            "identifier_classes.is_record_number",
            target=table_name(question.keys[0].target_table, schema=question.schema),
            record_number_column=sql.Identifier(question.record_number_column),
        )
    return compose(
        "identifier_classes.class_of_text",
        class_of_uuid=_class_of_uuid(sql.SQL("u.uuid"), "uuid_noncanonical", "uuid_noncanonical"),
        sentinel_words=sql.Literal(list(SENTINEL_WORDS)),
        record_number=sql.Literal(RECORD_NUMBER),
        opaque=sql.Literal(OPAQUE),
        name_like=sql.Literal(f"{NAME_LIKE}|{NUMBER_LIKE}"),
        is_record_number=is_record_number,
        is_of_the_house=is_of_the_house(question.id_pattern),
        is_long_code=is_long_code(),
    )


def rows_of(number: int) -> sql.Identifier:
    """Name the column of `classified` with the number of rows that hold the value.

    `number` is the position of the foreign-key column in `Question.keys`.
    """
    return sql.Identifier(f"rows_{number}")


def value_type(question: Question) -> sql.SQL:
    """The SQL type as which child and parent values are compared, the same that a foreign key would use."""
    return sql.SQL(question.type)
