"""Whatever a name holds, Markdown shows it as it is: in prose, in a cell, as code, in a block."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrations_safety.rendering.template_engine import WORD_JOINER, block, cell, code, text, visible
from tests.support.markdown import READER, tables, tokens

MARKS = "`*_~[]()<>#+-=|\\!:$&@/.\"'\n\r\t 1a\u202e\u2028é"
ANY = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(MARKS)), min_size=1, max_size=60)
INLINE = {"text", "code_inline", "text_special"}


def read(markdown):
    """The inline parts of one paragraph, and their words."""
    parsed = [token for token in tokens(f"x {markdown} y") if token.type == "inline"]
    assert len(parsed) == 1
    assert [token.type for token in tokens(f"x {markdown} y")] == ["paragraph_open", "inline", "paragraph_close"]
    children = parsed[0].children or []
    return {child.type for child in children}, "".join(child.content for child in children)


def seen(name):
    return visible(name).replace(WORD_JOINER, "")


@settings(deadline=None)
@given(ANY)
@example("a\\|b`")
@example("www.example.org https://example.org @team _x_ **y** <b> &amp; ~~z~~")
def test_prose_and_code_are_read_as_the_text(name):
    for filtered in (text(name), code(name)):
        kinds, words = read(filtered)

        assert kinds <= INLINE
        assert " ".join(words.replace(WORD_JOINER, "").split()) == " ".join(f"x {seen(name)} y".split())


@settings(deadline=None)
@given(ANY)
@example("|")
@example("\\|")
def test_a_row_of_a_table_keeps_its_cells(name):
    for filtered in (text(name), code(name), cell(name)):
        (table,) = tables(f"| a | b |\n|---|---|\n| {filtered} | x |\n")

        assert [len(row) for row in table.rows] == [2]
        assert table.rows[0][1] == "x"


@settings(deadline=None)
@given(ANY)
@example("```\n</details>")
def test_a_block_ends_where_it_should(name):
    parsed = READER.parse(f"a\n\n{block(name, 'sql')}\n\nb\n")

    assert [token.type for token in parsed if token.nesting == 0 and token.type != "inline"] == ["fence"]


@settings(deadline=None)
@given(ANY)
@example("1. a")
@example("- a")
@example("# a")
@example("===")
def test_prose_at_the_start_of_a_list_item_or_a_line_begins_nothing(name):
    for prefix in ("- ", ""):
        kinds = {token.type for token in tokens(f"{prefix}{text(name)}\n")}

        assert kinds <= {"bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close",
                         "list_item_close", "bullet_list_close"}  # fmt: skip
        assert sum(token.type == "list_item_open" for token in tokens(f"{prefix}{text(name)}\n")) <= 1
