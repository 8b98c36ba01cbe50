"""Sorts the foreign keys of a plan by their ON DELETE rule, and says what each rule means."""

from __future__ import annotations

from migrations_safety.precheck.report import PrecheckReport
from migrations_safety.rendering.document.values import Key, KeyRule
from migrations_safety.schema.declared_keys import DeclaredKey

MEANINGS = {
    "RESTRICT": "PostgreSQL refuses to delete a row of the parent table while another row refers to it.",
    "NO ACTION": (
        "PostgreSQL refuses to delete a row of the parent table while another row refers to it; a key that is "
        "deferred is checked at the end of the transaction. Django's own on_delete acts before, in Python."
    ),
    "CASCADE": "Who deletes a row of the parent table deletes the rows that refer to it, too.",
    "SET NULL": "Who deletes a row of the parent table sets the references to it to NULL; the rows stay.",
    "SET DEFAULT": "Who deletes a row of the parent table gives the references to it their default; the rows stay.",
}
"""PostgreSQL documentation, 5.5.5. Foreign Keys."""


def key_rules(report: PrecheckReport) -> tuple[KeyRule, ...]:
    """Return the foreign keys that the plan adds or validates, by their ON DELETE rule, the most frequent first."""
    by_rule: dict[str, list[DeclaredKey]] = {}
    for key in report.plan.keys:
        by_rule.setdefault(key.on_delete, []).append(key)
    return tuple(
        KeyRule(rule=rule, meaning=MEANINGS.get(rule, ""), keys=tuple(_key(one) for one in keys))
        for rule, keys in sorted(by_rule.items(), key=lambda item: (-len(item[1]), item[0]))
    )


def _key(key: DeclaredKey) -> Key:
    return Key(name=key.name or "", column=key.subject, parent=key.ends.target_subject)
