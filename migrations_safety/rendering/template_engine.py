"""Draws the templates of this package, with an engine of its own: the project's TEMPLATES have no say here.

Autoescaping is on, and everything that a template shows comes from the catalog or the project, so it is input. HTML is
escaped by Django itself. For Markdown there are filters, of which each variable of a Markdown template takes one:
`text` for prose, `cell` and `code` for names, `block` for code with lines. They make of any text what a reader of
CommonMark and of GitHub's tables shows as that text, in one line, and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from django.template import Context, Engine, Library, Origin, TemplateDoesNotExist
from django.template.loaders.base import Loader as BaseLoader
from django.utils.safestring import SafeString, mark_safe

TEMPLATES = files(__package__) / "templates"
HTML_FILTERS = "migrations_safety.rendering.html_filters"
register = Library()

UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""The categories of characters that have no shape of their own, end a line, or turn the text around."""
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;", "`": "&#96;"}
"""What is never left as it is, because tables and tags are made of it before anything else is read."""
PUNCTUATION = re.compile(r"[*\[\]~$]|(?<![^\W_])_|_(?![^\W_])|^[#+=-]|:(?=//)|(?<=www)\.")
"""Where a backslash is needed: for emphasis and links, at the start of a line, and where a link is made by itself."""
NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
PLAIN_WORDS = re.compile(r"[a-z]+(?: [a-z]+)+")
TYPED = ("python manage.py ", "ALTER ", "CREATE ", "DROP ", "GRANT ", "REINDEX ", "VACUUM ")
MENTION = re.compile(r"@(?=\w)")
WORD_JOINER = "\u2060"
NOTHING = "\u2013"
"""What a cell shows that has no value: a dash."""
LINE_END = re.compile(r"\r\n|\r|\n")
FENCE = re.compile(r"`+")


class Loader(BaseLoader):
    """Reads the templates of this package, out of a zip file too."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        """Yield the one place where a template may be."""
        yield Origin(name=template_name, template_name=template_name, loader=self)

    def get_contents(self, origin: Origin) -> str:
        """Return the text of a template; raises TemplateDoesNotExist."""
        try:
            return (TEMPLATES / str(origin.template_name)).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise TemplateDoesNotExist(origin.name) from None


@cache
def engine() -> Engine:
    """Return the engine of the templates in this folder; it reads no setting of the project."""
    loaders = [("django.template.loaders.cached.Loader", [f"{__name__}.Loader"])]
    return Engine(loaders=loaders, autoescape=True, builtins=[__name__, HTML_FILTERS])


def render(name: str, values: Mapping[str, Any]) -> str:
    """Return the template `name`, for example `markdown/precheck.md`, drawn with these values."""
    return str(engine().get_template(name).render(Context(dict(values), use_l10n=False, use_tz=False)))


@register.filter
def text(value: object) -> SafeString:
    """Return a text as prose of Markdown that shows as that text, in one line."""
    shown = "".join(ENTITIES.get(one, one) for one in visible(str(value)))
    shown = NUMBERED.sub(r"\1\\\2", PUNCTUATION.sub(r"\\\g<0>", shown))
    return mark_safe(MENTION.sub("@" + WORD_JOINER, shown))


@register.filter
def code(value: object) -> SafeString:
    """Return a text as a code span of Markdown; one with a pipe or a backslash as prose, for the sake of tables."""
    shown = visible(str(value))
    if not shown:
        return mark_safe(NOTHING)
    if not shown.strip() or "|" in shown or "\\" in shown:
        return text(value)
    fence = "`" * (1 + max((len(run) for run in FENCE.findall(shown)), default=0))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return mark_safe(f"{fence}{pad}{shown}{pad}{fence}")


@register.filter
def hint(value: str) -> SafeString:
    """Return the hint of a finding: a command or statement and nothing more as code, else as prose."""
    is_typed = value.startswith(TYPED) and not value.endswith(".") and " or " not in value
    return code(value) if is_typed else text(value)


@register.filter
def subject(value: str) -> SafeString:
    """Return the subject of a finding: some plain words as prose, else as the name of an object."""
    return text(value) if PLAIN_WORDS.fullmatch(value) else code(value)


@register.filter
def cell(value: object) -> SafeString:
    """Return a value for a cell of a table: a number with its thousands, nothing as a dash, anything else as prose."""
    if value is None or value == "":
        return mark_safe(NOTHING)
    return mark_safe(f"{value:,}") if isinstance(value, int) else text(value)


@register.filter
def block(value: object, language: str = "") -> SafeString:
    """Return a text with lines as a fenced code block, whose fence is longer than any in the text."""
    shown = "\n".join(visible(line.expandtabs(4)) for line in LINE_END.split(str(value)))
    fence = "`" * max(3, 1 + max((len(run) for run in FENCE.findall(shown)), default=0))
    return mark_safe(f"{fence}{language}\n{shown}\n{fence}")


@register.filter
def indented(value: str, columns: int) -> SafeString:
    """Return lines of which all but the first are indented by so many columns, for a block within a list."""
    return mark_safe(f"\n{' ' * columns}".join(value.split("\n")))


@register.filter
def short(value: str, most: int) -> str:
    """Return a text of which no more than so many characters are shown."""
    return value if len(value) <= most else f"{value[:most]}…"


@register.filter
def sentence(value: str) -> str:
    """Return a text with a capital letter at its start."""
    return value[:1].upper() + value[1:]


@register.filter
def upto(values: Sequence[object], most: int) -> Sequence[object]:
    """Return the first `most` values."""
    return values[:most]


@register.filter
def beyond(values: Sequence[object], most: int) -> int:
    """Return how many values there are beyond the first `most`."""
    return max(0, len(values) - most)


def visible(line: str) -> str:
    r"""Return a text with its unseen characters written out: `\n`, `\u202e`."""
    if line.isprintable():
        return line
    return "".join(_written_out(one) if unicodedata.category(one) in UNSEEN else one for one in line)


def _written_out(one: str) -> str:
    return one.encode("unicode_escape").decode() if ord(one) > 0x7F else repr(one)[1:-1]
