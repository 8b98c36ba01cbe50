"""What was restored otherwise is found, and what PostgreSQL only writes in another way is not."""

from migrations_safety.backup.comparison import NOISE, _differences

CHECK = ("told_check", "CHECK CONSTRAINT", "public")


def different(expected, found, *, same_version=True):
    return [(one.id, one.subject, one.message) for one in _differences(expected, found, same_version=same_version)]


def test_another_definition_is_found_and_a_missing_object_too():
    expected = {CHECK: "n > 0", ("told", "TABLE", "public"): "id int"}

    assert different(expected, {CHECK: "n > 1"}) == [
        ("backup.E004", "TABLE public told", "was restored otherwise: it is missing."),
        ("backup.E004", "CHECK CONSTRAINT public told_check", "was restored otherwise: its definition is another one."),
    ]


def test_of_another_major_version_only_names_are_compared():
    assert different({CHECK: "n > 0"}, {CHECK: "n>0"}, same_version=False) == []


def test_casts_and_brackets_that_a_restore_moves_are_no_difference():
    before = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))"
    after = "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))"

    assert NOISE.sub("", before) == NOISE.sub("", after)
