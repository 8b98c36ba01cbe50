"""Says why values of a class of identifier are refused or should be looked at."""

from __future__ import annotations

MERGES = 'means "no patient": one placeholder for it would merge many people into one chart'
REASONS = {
    "blank": "is empty: one placeholder for it would merge many people into one chart",
    "sentinel_word": MERGES,
    "uuid_nil": MERGES,
    "uuid_max": MERGES,
    "uuid_test_pattern": "looks like test data",
    "uuid_noncanonical": "is another spelling of a UUID, and a key compares spellings byte by byte",
    "uuid_nonrfc": "has a UUID version or variant that no generator makes",
    "integer": "is a number of an older system and needs a mapping table",
    "mrn_like": "looks like a medical record number, not like an id",
    "house_format": "is an id in a format of the house's own and is kept exactly as it is",
    "opaque": "is an id of another kind (cuid, ulid, nanoid, ObjectId) and is kept exactly as it is",
    "several_spellings": "is an id of a parent that exists in another spelling: one person, not two",
    "conflict": "cannot get a placeholder, because another row has the record number that it would get",
    "other_text": "is no id of a known kind and may be a name or a telephone number",
}


def reason_of(identifier_class: str, *, values: int) -> str:
    """Return a sentence with the reason; `values` is the number of values, which decides between "It" and "Each"."""
    return f"{'It' if values == 1 else 'Each'} {REASONS[identifier_class]}."
