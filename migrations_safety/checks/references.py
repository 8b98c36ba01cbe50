"""The checks of foreign-key columns: their values, their indexes, and columns without a declared foreign key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from migrations_safety.census.counts import MANY_ROWS
from migrations_safety.census.identifier_classes import (
    MAYBE_IDS,
    NOT_CLASSED,
    OTHER_SPELLINGS,
    PLACEHOLDER_CLASSES,
    WARNED_CLASSES,
)
from migrations_safety.census.report import Census, ReferenceCounts
from migrations_safety.checks.plan import holds_anything
from migrations_safety.fields import id_pattern_name
from migrations_safety.messages.findings import Finding
from migrations_safety.messages.wording import references as wording
from migrations_safety.plan.inspected_schema import InspectedPlan
from migrations_safety.plan.lineage import ColumnName
from migrations_safety.postgresql import catalog
from migrations_safety.postgresql.connection import Connection
from migrations_safety.postgresql.relations import Table
from migrations_safety.schema.declared_keys import DeclaredKey
from migrations_safety.schema.placeholder_makers import maker_of_table

HIDDEN_SENTINEL_SHARE = 0.2
"""A value in at least this share of the rows may mean "no patient", although it looks like an ordinary id."""


def check_references(inspected: InspectedPlan, censuses: Iterable[Census], *, backfill_hint: str) -> list[Finding]:
    """Find orphans, grouped by class of identifier, and spellings of one identifier that differ.

    A value in suspiciously many rows is a finding, too. `censuses` are the counts of the foreign-key columns, one for
    each parent table. `backfill_hint` is the command that creates the missing parents.
    """
    found: list[Finding] = []
    for census in censuses:
        for counted in census.references:
            doubt = inspected.doubts.get(counted.key)
            if counted.orphan_rows and doubt and doubt.code:
                found.append(_may_be_corrected(counted, code=doubt.code))
            else:
                found += _orphans(inspected, counted, backfill_hint=backfill_hint)
        if census.several_spellings:
            words = {"identifiers": census.several_spellings, "spelled_otherwise": census.spelled_otherwise}
            found.append(wording.spellings_of_one(census.target_table, **words))
        if census.case_variants:
            found.append(wording.case_variants(census.target_table, identifiers=census.case_variants))
    return found


def _orphans(inspected: InspectedPlan, counted: ReferenceCounts, *, backfill_hint: str) -> Iterator[Finding]:
    subject = counted.key.subject
    has_maker = maker_of_table(counted.key.target_table) is not None
    allowed = [counted.orphans[name] for name in PLACEHOLDER_CLASSES if name in counted.orphans]
    if allowed:
        hint = backfill_hint if has_maker else None
        values, rows = sum(of_class.values for of_class in allowed), sum(of_class.rows for of_class in allowed)
        yield wording.orphans(subject, values=values, rows=rows, target=counted.key.target_table, hint=hint)
    may_nullify = not allowed and _is_nullable(inspected, counted)
    yield from _other_classes(counted, may_nullify=may_nullify)
    if NOT_CLASSED in counted.classes:
        return
    if counted.most_rows >= MANY_ROWS and counted.most_rows >= HIDDEN_SENTINEL_SHARE * counted.non_null:
        yield wording.one_value_in_most_rows(subject, rows=counted.most_rows, total=counted.non_null)


def _other_classes(counted: ReferenceCounts, *, may_nullify: bool) -> Iterator[Finding]:
    """Findings for the classes of identifiers that get no placeholder, and for those that get one with a warning."""
    subject = counted.key.subject
    for identifier_class, of_class in counted.orphans.items():
        if identifier_class in WARNED_CLASSES:
            yield wording.warned_class(subject, identifier_class=identifier_class, values=of_class.values)
        elif identifier_class not in PLACEHOLDER_CLASSES:
            yield wording.refused_class(
                subject,
                identifier_class=identifier_class,
                values=of_class.values,
                rows=of_class.rows,
                nullify=counted.key.table if may_nullify and _may_go(counted, identifier_class) else None,
                pattern_setting=id_pattern_name() if identifier_class in MAYBE_IDS else None,
            )


def _is_nullable(inspected: InspectedPlan, counted: ReferenceCounts) -> bool:
    column = inspected.referencing(counted.key)
    return bool(column and column.nullable)


def _may_go(counted: ReferenceCounts, identifier_class: str) -> bool:
    """Whether the values of this class of identifier stand for no person, so that they may be set to NULL.

    False for another spelling of a person's id, and for a class that may hold the ids of most people in the table.
    """
    is_most = identifier_class in MAYBE_IDS and 2 * counted.orphans[identifier_class].rows > counted.non_null
    return not is_most and identifier_class not in OTHER_SPELLINGS


def _may_be_corrected(counted: ReferenceCounts, *, code: str) -> Finding:
    key = counted.key
    figures = {"values": counted.orphan_values, "rows": counted.orphan_rows}
    return wording.may_be_corrected(key.subject, target=key.target_table, code=code, **figures)


def check_code(inspected: InspectedPlan, found: Iterable[Finding]) -> list[Finding]:
    """Find foreign keys without orphans whose rows RunPython or RunSQL of the plan may still change.

    `found` are the findings of `check_references`; a column that has one of them is not reported again.
    """
    reported = {
        finding.subject for finding in found if finding.id in ("references.E001", "references.E002", "references.W007")
    }
    doubts = [(key, inspected.doubts.get(key)) for key in inspected.references() if key.subject not in reported]
    return [
        wording.may_be_changed(key.subject, target=key.target_table, code=doubt.code)
        for key, doubt in doubts
        if doubt and doubt.code and "column" not in key.new
    ]


def check_not_looked_at(
    connection: Connection, inspected: InspectedPlan, *, looks_at_data: bool, option: str = "--no-data"
) -> list[Finding]:
    """Find foreign keys whose orphans are not counted, each with the reason.

    With `looks_at_data=False` this concerns all foreign keys; `option` is the one that says so.
    """
    reasons = {key: option for key in inspected.references() if not looks_at_data}
    reasons |= {key: _reason_of_missing_end(inspected, key) for key in inspected.not_there()}
    for key, doubt in inspected.doubts.items():
        if "column" not in key.new:
            continue
        if doubt.code:
            reasons[key] = f"the plan creates the column, and the code of {doubt.code} may fill it"
        elif doubt.default and _may_hold_rows(connection, inspected.table(key), looks_at_data=looks_at_data):
            reasons[key] = "the plan creates the column with a default for existing rows"
    return [
        wording.not_looked_at(key.subject, target=key.target_table, reason=reason) for key, reason in reasons.items()
    ]


def _reason_of_missing_end(inspected: InspectedPlan, key: DeclaredKey) -> str:
    doubt = inspected.doubts.get(key)
    code = f", and the code of {doubt.any_code} may create it" if doubt and doubt.any_code else ""
    end = key.subject if not inspected.referencing(key) else key.ends.target_subject
    return f"{end} does not exist now{code}"


def _may_hold_rows(connection: Connection, table: Table | None, *, looks_at_data: bool) -> bool:
    if table is None:
        return False
    return not (looks_at_data and table.may_select) or holds_anything(connection, table)


def check_indexes(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find foreign-key columns that are not the first column of any index, existing or planned."""
    existing = [(key, inspected.referencing(key)) for key in inspected.references()]
    return [
        wording.without_index(
            key.subject, index_on=inspected.tables[key.table].to_paste, column=key.column, target=key.target_table
        )
        for key, column in existing
        if column and not column.indexed
        if ColumnName(table=key.table, column=key.column) not in inspected.plan.indexed
    ]


def check_undeclared(connection: Connection, inspected: InspectedPlan) -> list[Finding]:
    """Find columns that are named like a foreign-key column, but belong to tables that no model declares."""
    bare_names = {re.sub("[^a-z0-9]", "", key.column.lower()) for key in inspected.references()} - {""}
    if not bare_names:
        return []
    declared = catalog.tables(connection, inspected.plan.declared_tables)
    alike = catalog.columns_named_alike(
        connection, bare_names=sorted(bare_names), except_oids=[table.oid for table in declared.values()]
    )
    return [wording.no_key_declared(f'{column.table}."{column.column}"', type=column.type) for column in alike]
