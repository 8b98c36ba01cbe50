"""Kinds of findings of the area privilege: what the role may do."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="privilege.E001",
        title="Role may not read a table",
        help="The role lacks SELECT on a table that has to be counted. Grant it as the table's owner.",
    ),
    FindingKind(
        id="privilege.E002",
        title="Role does not own a table",
        help=(
            "The role does not own a table that the plan alters or drops. Only the owner may do that. Run "
            "`migrate` as the owner, or grant the owner's role to this role."
        ),
    ),
    FindingKind(
        id="privilege.E003",
        title="Role may not reference the parent table",
        help="A foreign key needs REFERENCES on its parent table. Grant it as the table's owner.",
    ),
    FindingKind(
        id="privilege.E004",
        title="Role may not create tables",
        help=("The role lacks CREATE on the schema in which the plan creates tables. Grant it as the schema's owner."),
    ),
    FindingKind(
        id="privilege.E005",
        title="Row-level security hides rows",
        help=(
            "Row-level security hides rows from this role, so the counts are incomplete. Give the role "
            "BYPASSRLS, or run as a role that has it."
        ),
    ),
    FindingKind(
        id="privilege.E006",
        title="Role may not use its only schema",
        help=(
            "The role may not use a schema that its `search_path` names, and no other schema of the path "
            "exists. Grant USAGE as the schema's owner."
        ),
    ),
    FindingKind(
        id="privilege.E007",
        title="Role may not write the records",
        help=(
            "The role lacks rights on a table that records what was done. Without them a deploy stops half way, "
            "or is done and not recorded. The hint has the GRANT to type."
        ),
    ),
    FindingKind(
        id="privilege.E008",
        title="Row-level security on a record table",
        help=(
            "Row-level security may keep the role from rows of a table that records what was done. Applied "
            "migrations may then look pending, or be refused. Give the role BYPASSRLS, or disable row-level "
            "security on that table."
        ),
    ),
    FindingKind(
        id="privilege.W001",
        title="Row-level security for other roles",
        help=(
            "The table has row-level security that does not apply to this role. Another role might not see all "
            "rows, and its validation would take 35 to 40 times as long. Run `migrate` as the role that ran "
            "`precheck`."
        ),
    ),
)
