"""ClickHouse SQL as lexemes: enough to see words, names and where statements end, without understanding them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<string>'(?:[^'\\]|\\.|'')*')
    | (?P<quoted>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*")
    | (?P<heredoc>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<comment>--[^\n]*|\#[^\n]*|/\*.*?\*/)
    | (?P<word>[^\W\d]\w*)
    | (?P<number>\d[\w.]*)
    | (?P<other>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One lexeme; `name` is the identifier or keyword without its quotes, "" for strings, numbers and comments."""

    text: str
    name: str
    start: int
    end: int

    def is_word(self, keyword: str) -> bool:
        return self.text.upper() == keyword


def tokens(sql: str) -> Iterator[Token]:
    """The lexemes of ClickHouse SQL, comments left out; what is no lexeme comes as one character each."""
    for match in _TOKEN.finditer(sql):
        if match["comment"] is not None:
            continue
        text = match.group()
        name = text if match["word"] is not None else ""
        if match["quoted"] is not None:
            name = _ESCAPE.sub(r"\1", text[1:-1].replace(text[0] * 2, text[0]))
        yield Token(text, name, match.start(), match.end())


def statements(sql: str) -> list[str]:
    """The statements of a file, which semicolons end; those inside strings and comments do not count."""
    found: list[str] = []
    start = 0
    for token in tokens(sql):
        if token.text == ";":
            found.append(sql[start : token.start].strip())
            start = token.end
    rest = sql[start:].strip()
    if next(tokens(rest), None) is not None:
        found.append(rest)
    return [statement for statement in found if next(tokens(statement), None) is not None]
