"""The written review as plain values: what it says of a report, and what it does not claim."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrations_safety.measurement.embedded_target import EmbeddedTarget
from migrations_safety.measurement.report import NOTHING_PENDING, MeasuredPlan, WayBack
from migrations_safety.messages.catalogue.kind import Level
from migrations_safety.plan.running_release import Rollout
from migrations_safety.precheck.report import Arguments, Data, Depth, Review
from migrations_safety.rendering.document import review
from migrations_safety.rendering.document.commands import completed, quote
from migrations_safety.rendering.document.findings import AREAS, NOTHING_FOUND, OF_THE_PLAN
from migrations_safety.rendering.document.statements import laid_out
from migrations_safety.verification.report import NO_DRIFT, Drift
from tests.support.reports import HOSTILE, hostile_report, large_report

AT = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)


def document_of(report):
    return review(report, seconds=3.14, at=AT)


@pytest.fixture
def blocked():
    return large_report(migrations=4)


@pytest.fixture
def clean(blocked):
    """The same plan without a finding."""
    return replace(blocked, findings=(), drift=replace(NO_DRIFT, compared=3))


def not_measured(report, reason):
    measured = MeasuredPlan(measured="no", reason=reason, server_version=None, left_out=(), transactions=())
    return replace(report, review=Review(measured=measured, findings=()))


def results(report):
    return {one.area: one for one in document_of(report).checks}


@pytest.mark.parametrize("name", [*HOSTILE, "a b", "it's", "$HOME", "tab\there", "\u202e", "\\", "plain"], ids=repr)
def test_a_shell_reads_a_quoted_name_as_it_is(name):
    read = subprocess.run(["bash", "-c", f"printf %s {quote(name)}"], capture_output=True, check=True).stdout

    assert read.decode() == name
    assert "\n" not in quote(name)


def test_every_command_names_the_database_and_the_alias(blocked):
    report = replace(blocked, target=replace(blocked.target, name="my hospital", alias="ward"))

    commands = [step.command for step in document_of(report).steps if step.command]

    assert commands
    assert all("--database ward --expect-database 'my hospital'" in one for one in commands)


def test_the_commands_have_the_arguments_that_the_precheck_had(clean):
    given = Arguments(app_label="shop", migration_name="0002", fake_initial=True, max_stall=1.5)
    report = replace(clean, arguments=given, fail_level=Level.WARNING)

    commands = [step.command for step in document_of(report).steps]

    precheck = "precheck shop 0002 --fake-initial --fail-level warning --max-stall 1500"
    assert f"python manage.py {precheck} --expect-database hospital" in commands
    assert "python manage.py migrate shop 0002 --fake-initial --max-stall 1500 --expect-database hospital" in commands


def test_a_hint_that_is_a_command_is_completed_and_prose_is_not(blocked):
    assert completed(blocked, "python manage.py backfill_placeholders").endswith("holders --expect-database hospital")
    assert completed(blocked, "python manage.py precheck --show-ids shows the value on your terminal.") == ""
    assert completed(blocked, "CREATE INDEX CONCURRENTLY ON bed (id);") == ""


def test_the_next_step_is_against_the_first_finding_that_blocks(blocked):
    document = document_of(blocked)

    first = document.blocking[0]
    assert document.next.words == f"Resolve {first.id} ({first.title}): {first.hint}"
    assert document.steps[0] == document.next


def test_the_next_step_without_findings_is_to_migrate_but_not_on_a_standby(clean):
    standby = replace(clean, target=replace(clean.target, in_recovery=True))

    assert document_of(clean).next.command == "python manage.py migrate --expect-database hospital"
    assert document_of(standby).next.command == ""
    assert "standby" in document_of(standby).next.words


def test_an_area_that_was_looked_at_says_that_nothing_was_found(clean):
    found = results(clean)

    assert list(found) == list(AREAS)
    assert {one.result for one in found.values() if one.was_looked_at} == {NOTHING_FOUND}


@pytest.mark.parametrize(("depth", "words"), [(Depth.CATALOG, "--no-data"), (Depth.ESTIMATE, "--approximate")])
def test_rows_that_nobody_counted_are_not_clean(clean, depth, words):
    found = results(replace(clean, data=Data(depth=depth)))

    for area in ("data", "references"):
        assert words in found[area].result
        assert NOTHING_FOUND not in found[area].result
        assert not found[area].was_looked_at


def test_a_plan_that_was_not_measured_is_clean_in_no_area_that_needs_it(clean):
    report = not_measured(clean, "--no-measure")

    found = results(report)

    for area in ("locks", "plan", "data", "application"):
        assert found[area].result == "in part only: the plan was not measured (--no-measure)"
    assert "not known" in document_of(report).keeps_rows
    assert document_of(report).harmless == ()


def test_without_a_plan_no_area_of_the_plan_is_clean(clean):
    plan = replace(clean.plan, migrations=())
    report = not_measured(replace(clean, plan=plan), NOTHING_PENDING)

    document = document_of(report)

    assert {one.result for one in document.checks if one.area in OF_THE_PLAN} == {"nothing is pending"}
    assert (document.steps, document.next.words, document.keeps_rows, document.rollback.words) == ((), "", "", ())


def test_the_next_step_is_to_count_where_nobody_counted(clean):
    report = replace(clean, data=Data(depth=Depth.CATALOG))

    assert document_of(report).next.words == "Count the rows first."
    assert document_of(report).next.command == "python manage.py precheck --expect-database hospital"


def test_what_the_new_release_needs_is_migrated_and_verified_before_it_is_rolled_out(clean):
    labels = [one.label for one in clean.plan.migrations]

    def words(*times):
        rollouts = dict(zip(labels, times, strict=True))
        steps = document_of(replace(clean, review=replace(clean.review, rollouts=rollouts))).steps
        return [step.words.partition(" ")[0] for step in steps]

    before, after, both = Rollout.BEFORE, Rollout.AFTER, Rollout.BOTH
    assert words(before, before, before, before) == ["Check", "Migrate.", "Verify", "Roll"]
    assert words(after, after, after, after) == ["Check", "Roll", "Migrate.", "Verify"]
    assert words(before, before, after, after) == ["Check", "Migrate", "Roll", "Migrate.", "Verify"]
    assert words(both, before, after, after) == ["Check", "Split", "Migrate", "Roll", "Migrate.", "Verify"]


def test_an_app_with_a_command_of_its_own_is_verified_by_it_and_the_others_together(clean):
    apps = list(dict.fromkeys(one.app for one in (*clean.plan.adopted, *clean.plan.migrations)))
    report = replace(clean, verified_by={apps[0]: "verify_ward", "elsewhere": "verify_elsewhere"})

    lines = [line.partition(" --")[0] for line in document_of(report).verification.command.splitlines()]

    others = [f"python manage.py verify_schema {' '.join(apps[1:])}"] if apps[1:] else []
    assert lines == ["python manage.py verify_ward", *others]


def test_code_that_ran_on_made_up_rows_does_not_prove_that_rows_are_kept(clean):
    first, *others = clean.review.measured.transactions
    operations = tuple(replace(one, ran_code=True) for one in first.operations)
    measured = replace(clean.review.measured, transactions=(replace(first, operations=operations), *others))

    document = document_of(replace(clean, review=replace(clean.review, measured=measured)))

    assert "What Python code does to rows is not known" in document.keeps_rows


def test_a_rollback_is_unapplied_after_the_release_was_rolled_back(clean):
    plan = replace(clean.plan, migrations=(), unapplied=clean.plan.migrations)

    document = document_of(replace(clean, plan=plan))

    words = [step.words for step in document.steps]
    assert document.next.words == "Unapply."
    assert words[-2] == "Unapply. It checks once more before it begins."
    assert words[-1].startswith("With the code of the release that you went back to, verify")
    assert "Roll back the release first, to one that does not use what is unapplied." in words
    assert not [one for one in words if "new release" in one]


def test_a_plan_without_a_real_database_is_clean_in_no_area_of_one(clean):
    report = replace(clean, embedded=EmbeddedTarget(revision="main", earlier=7, passed_over=()))

    document = document_of(report)

    found = {one.area: one for one in document.checks}
    assert not any(NOTHING_FOUND in found[area].result for area in ("target", "privilege", "tables", "drift"))
    assert document.title == "Migration safety review: migrations since main"
    assert {one.label: one.value for one in document.facts}["Database"].startswith("made for this review from the 7")
    assert document.next.command == "python manage.py precheck"
    assert not any("--expect-database" in step.command for step in document.steps)


def test_a_drift_without_a_compared_table_is_not_clean(clean):
    assert NOTHING_FOUND not in results(replace(clean, drift=Drift()))["drift"].result


def test_the_rollback_of_a_plan_that_goes_forwards_is_clean_only_if_it_was_measured(clean):
    measured = replace(clean.review.measured, back=WayBack(reason="no time"))

    not_looked_at = replace(clean, review=replace(clean.review, measured=measured))

    assert results(clean)["rollback"].result == NOTHING_FOUND
    assert results(not_looked_at)["rollback"].result == "not looked at: the plan goes forwards"


def test_findings_of_one_id_and_one_hint_stand_together_in_the_order_of_the_report(blocked):
    document = document_of(blocked)

    assert sum(len(one.found) for one in document.findings) == len(blocked.findings)
    levels = [list(Level).index(one.level) for one in document.findings if not one.is_accepted]
    assert levels == sorted(levels)
    assert all(one.is_accepted for one in document.accepted)
    assert {one.id for one in document.blocking} == {one.id for one in blocked.blocking}


def test_the_rollback_goes_back_to_the_migration_before_the_plan(clean):
    first, *others = clean.plan.migrations
    plan = replace(clean.plan, migrations=(replace(first, follows="0000_start"), *others))

    assert document_of(clean).rollback.commands == ("python manage.py migrate shop zero --expect-database hospital",)
    assert "migrate shop 0000_start" in document_of(replace(clean, plan=plan)).rollback.commands[0]


def test_a_long_create_table_is_laid_out_and_keeps_every_word():
    statement = (
        'CREATE TABLE "a,b(" ("id" bigint NOT NULL PRIMARY KEY, "price" numeric(10, 2) NULL, '
        '"kind" varchar(20) DEFAULT $1 CHECK ("kind" IN ($2, $3)), "x""y" text NULL)'
    )

    lines = laid_out(statement).split("\n")

    assert "".join(laid_out(statement).split()) == "".join(statement.split())
    assert lines[0] == 'CREATE TABLE "a,b(" ('
    assert lines[2] == '    "price" numeric(10, 2) NULL,'
    assert lines[-2:] == ['    "x""y" text NULL', ")"]
    assert laid_out("ALTER TABLE a ADD CONSTRAINT b CHECK (c)") == "ALTER TABLE a ADD CONSTRAINT b CHECK (c)"


def test_the_comment_above_a_statement_is_one_line():
    for one in document_of(hostile_report()).sql:
        for part in one.parts:
            assert part.text.count("\n") == sum(statement.count("\n") + 1 for statement in part.statements)
