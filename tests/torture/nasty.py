"""Values that people, tools and attackers type or name files with."""

import random

NUMBERS = (
    *(
        "0",
        "-1",
        "1",
        "2",
        "3",
        "0.5",
        "1e-3",
        "1e308",
        "1e309",
        "-1e309",
        "nan",
        "inf",
        "-inf",
        "1e-400",
        "0x10",
        "1_000",
    ),
    *("99999999999999999999", "-99999999999999999999", "4294967296", "9223372036854775808", "٣", "½", "1,5", "", " 1 "),
)
TEXTS = (
    *(
        "",
        " ",
        "a b",
        "it's",
        'say "hi"',
        "🩺 lesion",
        "line\nbreak",
        "tab\tstop",
        "<script>alert(1)</script>",
        "&amp;",
    ),
    *("Robert'); DROP TABLE runs;--", "' OR 1=1 --", "%s%n%d", "{0}", "${HOME}", "$(reboot)", "`reboot`", "../../up"),
    *("-dash", "--help", "--", "[bold]x[/bold]", "[/]", "[link=file:///etc]x[/link]", "| a | b |", "**bold**", "$x^2$"),
    *(
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\u202egnp.exe",
        "\x00",
        "a\x00b",
        "\r\x1b[2K",
        "\x9b2J",
        "\u200b",
        "ﷺ",
    ),
    *("é", "e\u0301", "\udcff", "NaN", "null", "None", "true", "con", "C:\\x", "~", "~root", "*", "?", "#", ";", "\\"),
    *("=1+1", "@SUM(A1)", "http://127.0.0.1:9", "file:///etc/passwd", "x" * 255, "y" * 5000, "ü" * 200, "(" * 300),
)


def number(rng: random.Random) -> str:
    return rng.choice(NUMBERS)


def text(rng: random.Random) -> str:
    """A whole one, two joined, or random characters."""
    match rng.randrange(4):
        case 0:
            return rng.choice(TEXTS)[:600] + rng.choice(TEXTS)[:600]
        case 1:
            return "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(1, 0x3000)))) for _ in range(8))
        case _:
            return rng.choice(TEXTS)


def argument(rng: random.Random) -> str:
    """A text that a process can be started with: without NUL."""
    return text(rng).replace("\0", "")


def file_name(rng: random.Random) -> str:
    """A text that a file can have as its name, endings aside."""
    name = text(rng).replace("\0", "").replace("/", "_").strip(".") or "x"
    return name.encode("utf-8", "surrogateescape")[:180].decode("utf-8", "surrogateescape")


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Cut short, with some bytes changed, with a piece twice or missing, or replaced by noise or zeros."""
    if not content:
        return content
    place = rng.randrange(len(content))
    match rng.randrange(7):
        case 0:
            return content[:place]
        case 1:
            return content[:place] + bytes(len(content) - place)
        case 2:
            return content[:place] + content[rng.randrange(len(content)) :]
        case 3:
            return rng.randbytes(rng.choice((1, 10, 5000)))
        case 4:
            return content[place:]
        case _:
            changed = bytearray(content)
            for _ in range(rng.choice((1, 1, 5, 50))):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
            return bytes(changed)
