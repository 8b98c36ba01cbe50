"""Kinds of findings of the area rehearsal: what a deploy did on a copy of the database."""

from migrations_safety.messages.catalogue.kind import FindingKind

KINDS = (
    FindingKind(
        id="rehearsal.E001",
        title="Step failed on the copy",
        help=(
            "A command of the deploy could not finish on the copy, so it would not finish on the database either. "
            "Later steps of the deploy were not run. Repair the cause, then run `rehearse` again."
        ),
    ),
    FindingKind(
        id="rehearsal.E002",
        title="Step refused on the copy",
        help=(
            "A command of the deploy looked at the copy and refused to go on, for example because a finding of "
            "`precheck` blocks. The report of the rehearsal has these findings. Follow their hints, then run "
            "`rehearse` again."
        ),
    ),
    FindingKind(
        id="rehearsal.E003",
        title="Rows differ after the rollback",
        help=(
            "After the deploy and its rollback a table of the copy does not have the rows from before. So this "
            "rollback loses or changes rows. Do not count on it: keep a backup that was restored."
        ),
    ),
    FindingKind(
        id="rehearsal.E004",
        title="Deploy exceeds a limit",
        help=(
            "On the copy the deploy made a write of the application wait longer, held a lock longer, took longer, "
            "wrote more WAL, or made the database grow more than the limits of the rehearsal allow. Change the "
            "migration, or name a limit that people have agreed on."
        ),
    ),
    FindingKind(
        id="rehearsal.E005",
        title="Schema differs after the rollback",
        help=(
            "After the deploy and its rollback the definitions of the copy are not those from before: a table, column, "
            "constraint, index, trigger or function is missing, new or changed. Compare the copy with the database "
            "(`rehearse --keep` leaves the copy there)."
        ),
    ),
    FindingKind(
        id="rehearsal.E006",
        title="Rollback failed on the copy",
        help=(
            "The rollback could not finish on the copy. Repair the reverse operations of the migration, or rely on "
            "a backup that was restored."
        ),
    ),
    FindingKind(
        id="rehearsal.E007",
        title="Writes failed beside the deploy",
        help=(
            "A session that wrote to a table while the deploy ran on the copy got errors. The running release would "
            "get them, too. Change the migration in two steps, so that both releases can write, then run `rehearse` "
            "again."
        ),
    ),
    FindingKind(
        id="rehearsal.E010",
        title="Rehearsal does not count for this deploy",
        help=(
            "`migrate --rehearsed FILE` refuses a rehearsal that did not pass, that is too old (`--rehearsed-within`), "
            "that was made with other migrations, of another database or schema, or on another major version of "
            "PostgreSQL, and one after which a table has grown to more than twice its rows. Rehearse again."
        ),
    ),
    FindingKind(
        id="rehearsal.E020",
        title="Shared object of the server changed",
        help=(
            "While the deploy ran on the copy, a role, a database, a tablespace or a setting changed on the server, "
            "which the copy shares with other databases. Code of a migration did it inside of the server, or somebody "
            "else did it meanwhile. See what it is now. Then rehearse on a server where nothing else is."
        ),
    ),
    FindingKind(
        id="rehearsal.E021",
        title="Rows are missing on the copy",
        help=(
            "The rows of a table could not be restored, so the copy is not the database, and a restore of a backup "
            "would lack them too. The rehearsal says nothing about this deploy. Find out what refuses the rows, then "
            "run `rehearse` again."
        ),
    ),
    FindingKind(
        id="rehearsal.W001",
        title="Copy is not complete",
        help=(
            "Some object of the database could not be made on the copy, for example a foreign key whose rows violate "
            "it, or a function that needs an extension. A restore of a backup would lack it too. The rehearsal says "
            "nothing about such objects."
        ),
    ),
    FindingKind(
        id="rehearsal.W002",
        title="Copy has another major version of PostgreSQL",
        help=(
            "The copy was made on another major version than that of the database, so locks and durations may differ. "
            "`migrate --rehearsed` refuses such a rehearsal. Name a server of the same version with `--scratch-url`."
        ),
    ),
    FindingKind(
        id="rehearsal.W003",
        title="Rollback is refused after this deploy",
        help=(
            "After the deploy the rollback is refused, because rows that it would lose exist. On the copy it was run "
            "without that check, to see whether it works. In the real deploy a person has to decide about these rows."
        ),
    ),
    FindingKind(
        id="rehearsal.W004",
        title="Nobody wrote while the deploy ran",
        help=(
            "The wait of the application's writes was not measured, because no session wrote to the locked tables. "
            "Leave out `--writers 0` to measure it."
        ),
    ),
    FindingKind(
        id="rehearsal.W005",
        title="Schema is not complete after this plan",
        help=(
            "The rehearsal was of a part of the pending migrations. After it the schema is not yet as the models "
            "declare it, because other migrations stay pending. Rehearse all of them to see the schema verified."
        ),
    ),
    FindingKind(
        id="rehearsal.W010",
        title="Made-up rows may fulfil other conditions",
        help=(
            "In a rehearsal with `--keys-only` each row keeps what is NULL, what CHECKs and indexes say of it, and "
            "what the plan demands. Here that failed, or could not be checked, because an error would write a value "
            "into the log of the server. So the deploy was not rehearsed in this point."
        ),
    ),
    FindingKind(
        id="rehearsal.W011",
        title="Constraint was left out of the copy",
        help=(
            "In a rehearsal with `--keys-only` no made-up row was found that fulfils this CHECK, so the copy does not "
            "have it. A migration that changes or validates it was not rehearsed, or has failed on the copy for this "
            "reason alone."
        ),
    ),
    FindingKind(
        id="rehearsal.W012",
        title="Table is empty on the copy",
        help=(
            "In a rehearsal with `--keys-only` no rows of this table could be made up. What the deploy does to its "
            "rows was not rehearsed."
        ),
    ),
    FindingKind(
        id="rehearsal.W013",
        title="What the plan demands of rows is not known",
        help=(
            "In a rehearsal with `--keys-only` the plan could not be measured. So rows that a migration would refuse "
            "may have become rows that it accepts, and the other way round."
        ),
    ),
    FindingKind(
        id="rehearsal.W020",
        title="Code of migrations is not kept from the database",
        help=(
            "The code of migrations runs on the copy and should reach nothing else. Here a way stays open, on which "
            "code that knows an address could reach the database itself. Read the code of the migrations, or rehearse "
            "where that way is closed."
        ),
    ),
    FindingKind(
        id="rehearsal.I001",
        title="Object was left out of the copy",
        help=(
            "A copy must not act: it has no publications, subscriptions, event triggers and foreign servers, and no "
            "extensions that reach other servers or run jobs. A setting that the role may not set is named here too."
        ),
    ),
    FindingKind(
        id="rehearsal.I010",
        title="Rows were made up",
        help=(
            "The rehearsal was one with `--keys-only`: ids and keys were replaced, and all other values made up. Code "
            "of migrations that reads values met others than it will meet in the real run. `migrate --rehearsed` "
            "accepts such a rehearsal only if `--rehearsed-keys-only` is given as well."
        ),
    ),
)
