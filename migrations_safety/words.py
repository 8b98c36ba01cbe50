"""How counts and names are worded, the same everywhere: `1 row`, `1,200 rows`, `"role"`."""


def quoted(name: str) -> str:
    """A name as SQL wants it in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def counted(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun; `plural` where it is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
