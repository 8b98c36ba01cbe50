"""Kinds of findings of the area privilege: the privileges of the database role."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="privilege.E001",
        title="Role may not read a table",
        help=(
            "The role lacks SELECT on a table whose rows have to be counted. Grant SELECT to the role as the table's"
            " owner."
        ),
    ),
    FindingKind(
        id="privilege.E002",
        title="Role does not own a table",
        help=(
            "The role does not own a table that the plan alters or drops. Only the owner may do that. Run `migrate` "
            "as the owner, or grant the owner's role to this role. The role of a superuser should not be granted: give"
            " the table to a role that deploys."
        ),
    ),
    FindingKind(
        id="privilege.E003",
        title="Role may not reference the parent table",
        help=(
            "The role lacks REFERENCES on the parent table of a foreign key, so it may not create the foreign key. "
            "Grant REFERENCES to the role as the owner of the parent table."
        ),
    ),
    FindingKind(
        id="privilege.E004",
        title="Role may not create tables",
        help=(
            "The role lacks CREATE on the schema in which the plan creates tables. Grant CREATE to the role as the "
            "schema's owner."
        ),
    ),
    FindingKind(
        id="privilege.E005",
        title="Row-level security hides rows",
        help=(
            "Row-level security hides rows from this role, so the counts are incomplete. Give the role BYPASSRLS, or"
            " run the command as a role that has BYPASSRLS."
        ),
    ),
    FindingKind(
        id="privilege.E006",
        title="Role may not use its only schema",
        help=(
            "The role may not use a schema that its `search_path` names, and no other schema of the `search_path` "
            "exists. Grant USAGE to the role as the schema's owner."
        ),
    ),
    FindingKind(
        id="privilege.E007",
        title="Role may not write to a record table",
        help=(
            "The role lacks privileges on a table in which Django or this app records what was done. Without them a "
            "command stops half way, or its work is done but not recorded. The hint has the GRANT to type."
        ),
    ),
    FindingKind(
        id="privilege.E008",
        title="Row-level security on a record table",
        help=(
            "A table that records what Django or this app did has row-level security, which may hide rows from the "
            "role or refuse new rows. Applied migrations may then look pending. Give the role BYPASSRLS, or disable "
            "row-level security on that table."
        ),
    ),
    FindingKind(
        id="privilege.W001",
        title="Row-level security for other roles",
        help=(
            "The table has row-level security that does not apply to this role. Another role might not see all rows,"
            " and a validation by that role would take 35 to 40 times as long. Run `migrate` as the role that ran "
            "`precheck`."
        ),
    ),
)
