"""Wording of the findings about the types of the two columns of a foreign key."""

from migrations_safety.messages.findings import Finding, finding

FITS_ALL = "that is what the existing columns are."
SAME_COLLATION = "Give both columns the same collation."


def no_common_type(subject: str, *, type: str, target: str, target_type: str, hint: str) -> Finding:
    """The finding that PostgreSQL refuses a foreign key between the two types (SQLSTATE 42804)."""
    message = f"is {type}, but {target} is {target_type}: PostgreSQL refuses a key between the two (42804)."
    return finding("types.E001", subject, message, hint)


def no_common_collation(subject: str, *, collation: str, target: str, target_collation: str) -> Finding:
    """The finding that PostgreSQL 18 refuses a foreign key between the two collations (SQLSTATE 42P21)."""
    message = (
        f"has the collation {collation or 'default'}, but {target} has {target_collation or 'default'}. One of them "
        "treats different texts as equal, so PostgreSQL 18 refuses a key between the two (42P21)."
    )
    return finding("types.E002", subject, message, SAME_COLLATION)


def other_type(subject: str, *, type: str, target: str, target_type: str) -> Finding:
    """The finding that the two types differ, but can be compared."""
    message = f"is {type}, but {target} is {target_type}. A key works, but a value may fit one and not the other."
    return finding("types.W001", subject, message, "Give both columns the same type when the tables can be rewritten.")


def other_collation(subject: str, *, collation: str, target: str, target_collation: str) -> Finding:
    """The finding that the two columns have different collations."""
    message = f"has the collation {collation or 'default'}, but {target} has {target_collation or 'default'}."
    return finding("types.W002", subject, message, SAME_COLLATION)


def type_not_there(subject: str, *, type: str, target: str, target_type: str) -> Finding:
    """The finding that one of the types does not exist yet, so it is unknown whether the two can be compared."""
    message = (
        f"is {type}, but {target} is {target_type}. One of these types does not exist yet, so it is unknown whether "
        "PostgreSQL accepts a key between the two."
    )
    return finding("types.W003", subject, message, "Try the key on an empty database first: python manage.py migrate.")
