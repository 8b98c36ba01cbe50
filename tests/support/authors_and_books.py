"""Authors, books and the key between them: what makes them, their rows, and what precheck says of their references."""

from __future__ import annotations

from migrations_safety.precheck.report import PrecheckReport

ID = "('id', models.BigAutoField(primary_key=True))"
AUTHOR = f"migrations.CreateModel('Author', [{ID}])"
RENAME_MODEL = "migrations.RenameModel('Author', 'Person')"
ROWS = "INSERT INTO ward_author DEFAULT VALUES; INSERT INTO ward_author DEFAULT VALUES;"
BOOKS = ROWS + "INSERT INTO ward_book (author_id) VALUES (1), (2), (2), (NULL)"
ORPHANS = ROWS + "INSERT INTO ward_book (author_id) VALUES (1), (77), (78), (78)"


def book(field: str, name: str = "author") -> str:
    """The operation that makes books with such a field."""
    return f"migrations.CreateModel('Book', [{ID}, ('{name}', {field})])"


def to(model: str = "ward.Author", options: str = "null=True") -> str:
    """A field that refers to the model."""
    return f"models.ForeignKey('{model}', models.CASCADE, {options})"


OPEN = to(options="null=True, db_constraint=False")


def ids(report: PrecheckReport) -> set[str]:
    """The findings, without those about the running release and about the rollback, which have their own tests."""
    return {one.id for one in report.findings if not one.id.startswith(("application.", "plan.W014"))}


def counted(report: PrecheckReport) -> dict[str, int]:
    """Subject, and rows without a parent, of each reference that was counted."""
    return {one.key.subject: one.orphan_rows for census in report.data.censuses for one in census.references}
