"""Reads Markdown as GitHub does (CommonMark with tables), so that tests see what a reader sees."""

from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@dataclass(frozen=True, kw_only=True)
class Cells:
    headings: int
    rows: list[list[str]]


def tokens(text: str) -> list[Token]:
    return READER.parse(text)


def html(text: str) -> str:
    return str(READER.render(text))


def tables(text: str) -> list[Cells]:
    """Each table of the document, with the words of its cells."""
    found: list[Cells] = []
    parsed = tokens(text)
    for number, token in enumerate(parsed):
        if token.type == "table_open":
            found.append(Cells(headings=0, rows=[]))
        elif token.type == "th_open":
            found[-1] = Cells(headings=found[-1].headings + 1, rows=found[-1].rows)
        elif token.type == "tr_open":
            found[-1].rows.append([])
        elif token.type == "td_open":
            found[-1].rows[-1].append(words(parsed[number + 1]))
    return [Cells(headings=one.headings, rows=[row for row in one.rows if row]) for one in found]


def headings(text: str) -> list[str]:
    parsed = tokens(text)
    return [words(parsed[number + 1]) for number, token in enumerate(parsed) if token.type == "heading_open"]


def words(token: Token) -> str:
    """What a reader reads of one line: the words of its children, without marks."""
    return "".join(child.content for child in token.children or ())


def raw_html(text: str) -> list[str]:
    """What a reader takes for HTML of its own, in lines and between them."""
    parsed = tokens(text)
    inline = [child for token in parsed for child in token.children or ()]
    return [token.content.strip() for token in [*parsed, *inline] if token.type in ("html_block", "html_inline")]


def links(text: str) -> list[str]:
    inline = [child for token in tokens(text) for child in token.children or ()]
    return [str(child.attrs["href"]) for child in inline if child.type == "link_open"]
