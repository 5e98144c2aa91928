"""Who may run which statement on the embedded ClickHouse: chDB itself knows no users and no grants.

Pure: it judges the text that the engine's own formatter returns (one statement, keywords in upper case, comments
gone, strings and quoted names escaped with a backslash), so that a statement cannot hide behind its spelling.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from services.runtime.clickhouse_sql import Token, tokens

SAFE_TABLE_FUNCTIONS = frozenset({
    "format", "generate_series", "generaterandom", "generateseries", "merge", "mergetreeindex", "null", "numbers",
    "numbers_mt", "values", "view", "viewifpermitted", "zeros", "zeros_mt",
})  # fmt: skip
"""Table functions that reach nothing but the tables of this database, in lower case."""

_ALWAYS_DENIED = frozenset({"catboostevaluate", "disk", "file"})
"""Functions that read files (`disk` defines a storage of its own inside SETTINGS)."""

_ENGINES = frozenset({
    "AggregatingMergeTree", "Atomic", "Buffer", "CoalescingMergeTree", "CollapsingMergeTree", "GenerateRandom",
    "GraphiteMergeTree", "Join", "Log", "MaterializedView", "Memory", "Merge", "MergeTree", "Null",
    "ReplacingMergeTree", "Set", "StripeLog", "SummingMergeTree", "TinyLog", "VersionedCollapsingMergeTree",
    "View",
})  # fmt: skip
"""Engines that keep data here. `ENGINE = Kafka` above all must not reach chDB: it fails half way, and afterwards
the whole database cannot be opened any more."""

_READS = frozenset({"SELECT", "WITH", "(", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS"})
_WRITES = frozenset({
    "ALTER", "CHECK", "DELETE", "DROP", "EXCHANGE", "KILL", "OPTIMIZE", "RENAME", "SET", "TRUNCATE", "UPDATE",
    "USE",
})  # fmt: skip
_CREATES = frozenset({"TABLE", "TEMPORARY", "VIEW", "MATERIALIZED", "DATABASE"})


class Code(IntEnum):
    """The error codes that are answered here; ClickHouse has hundreds more of its own."""

    BAD_ARGUMENTS = 36
    NOT_IMPLEMENTED = 48
    SYNTAX_ERROR = 62
    UNKNOWN_SETTING = 115
    READONLY = 164
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    SOCKET_TIMEOUT = 209
    QUERY_IS_TOO_LARGE = 229
    CANNOT_DECOMPRESS = 271
    ACCESS_DENIED = 497
    AUTHENTICATION_FAILED = 516
    UNKNOWN_EXCEPTION = 1002


class ClickHouseError(Exception):
    """An answer with ClickHouse's error code; the text is what a client shows its user."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def refusal(code: Code, why: str) -> ClickHouseError:
    """An error of ours, written as ClickHouse writes its own."""
    return ClickHouseError(code, f"Code: {code}. DB::Exception: {why}. ({code.name})")


class Kind(StrEnum):
    """How a statement is run."""

    READ = "read"
    WRITE = "write"
    INSERT_DATA = "insert data"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that may run: `text` without its FORMAT clause, `format` its name or ""."""

    kind: Kind
    text: str
    format: str


def denied_functions(table_functions: Iterable[str], functions: Iterable[str]) -> frozenset[str]:
    """What no statement may call, in lower case: table functions of the engine that are not known to be safe,
    and functions that read files or (`aiGenerate` and the like) ask a service on the network.

    A new version's new table function is thereby denied until somebody has looked at it.
    """
    tables = {name.lower() for name in table_functions}
    asking = {name.lower() for name in functions if name.lower().startswith("ai")}
    return frozenset(tables - SAFE_TABLE_FUNCTIONS | asking | _ALWAYS_DENIED)


def judge(canonical: str, *, may_write: bool, denied: frozenset[str]) -> Statement:
    """Decide about one statement in the engine's own spelling; ClickHouseError when this user may not run it."""
    lexemes = list(tokens(canonical))
    if not lexemes:
        raise refusal(Code.SYNTAX_ERROR, "Empty query")
    _refuse_outside(lexemes, denied)
    kind = _kind(lexemes)
    if kind is not Kind.READ and not may_write:
        raise refusal(
            Code.READONLY,
            f"Cannot execute {lexemes[0].text} in readonly mode: this user only reads, and GET never writes."
            " Use POST as the writing user",
        )
    text, output = _without_format(canonical, lexemes)
    return Statement(kind, text, output)


def _kind(lexemes: list[Token]) -> Kind:
    first = lexemes[0].text.upper()
    if first in _READS:
        return Kind.READ
    if first == "INSERT":
        has_select = any(token.is_word("SELECT") or token.is_word("WITH") for token in lexemes)
        return Kind.WRITE if has_select else Kind.INSERT_DATA
    if first == "CREATE":
        words = [token.text.upper() for token in lexemes[1:4]]
        what = words[2:] if words[:2] == ["OR", "REPLACE"] else words[:1]
        if not _CREATES.isdisjoint(what):
            return Kind.WRITE
    if first in _WRITES:
        return Kind.WRITE
    raise refusal(
        Code.ACCESS_DENIED, f"{first} is denied on the embedded ClickHouse: it needs a ClickHouse server"
    )


def _refuse_outside(lexemes: list[Token], denied: frozenset[str]) -> None:
    """Refuse what reaches beyond this database's tables: files, addresses, programs, Python objects."""
    for before, token, after in zip([None, *lexemes], lexemes, [*lexemes[1:], None], strict=False):
        called = after is not None and after.text == "("
        applied = before is not None and before.is_word("APPLY")
        name = token.name.lower()
        if (called or applied) and name in denied:
            raise refusal(
                Code.ACCESS_DENIED, f"{token.name}() is denied: only tables of this database can be read"
            )
        if token.is_word("OUTFILE") and before is not None and before.is_word("INTO"):
            raise refusal(Code.ACCESS_DENIED, "INTO OUTFILE is denied: save the answer on your side")
        if token.is_word("INFILE") and before is not None and before.is_word("FROM"):
            raise refusal(Code.ACCESS_DENIED, "FROM INFILE is denied: send the data with the request")
        if token.is_word("PARALLEL") and after is not None and after.is_word("WITH"):
            raise refusal(Code.ACCESS_DENIED, "PARALLEL WITH is denied: send one statement per request")
    if lexemes[0].is_word("CREATE"):
        _refuse_engines(lexemes)


def _refuse_engines(lexemes: list[Token]) -> None:
    for keyword, equals, engine in zip(lexemes, lexemes[1:], lexemes[2:], strict=False):
        if keyword.is_word("ENGINE") and equals.text == "=" and engine.name not in _ENGINES:
            raise refusal(
                Code.ACCESS_DENIED,
                f"ENGINE = {engine.text} is denied on the embedded ClickHouse: use the MergeTree family"
                " (the analytics process already brings Kafka's records here)",
            )


def _without_format(canonical: str, lexemes: list[Token]) -> tuple[str, str]:
    """Take the FORMAT clause out; it can only be the last clause or stand before a last SETTINGS."""
    for index in range(len(lexemes) - 2, 0, -1):
        keyword, name = lexemes[index], lexemes[index + 1]
        after = lexemes[index + 2] if index + 2 < len(lexemes) else None
        if keyword.is_word("FORMAT") and name.name and (after is None or after.is_word("SETTINGS")):
            rest = canonical[: keyword.start] + canonical[name.end :]
            return rest.strip(), name.name
    return canonical, ""


def data_start(sql: bytes) -> int | None:
    """Where the data of an `INSERT … VALUES` or `INSERT … FORMAT x` begins; None when it carries none.

    Only the head is read, so that megabytes of binary data after it cost nothing. ClickHouse takes what follows
    FORMAT and its name from the next line on, or from the next character that is not blank.
    """
    depth = 0
    head = sql[:_HEAD_BYTES].decode("latin-1")
    previous: Token | None = None
    for token in tokens(head):
        if previous is None and not token.is_word("INSERT"):
            return None
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.is_word("VALUES") and previous is not None and not previous.is_word("INTO"):
            return token.end
        if depth == 0 and token.is_word("SELECT"):
            return None
        if previous is not None and previous.is_word("FORMAT") and token.name and not token.is_word("FORMAT"):
            return _after_blank(head, token.end)
        previous = token
    return None


_HEAD_BYTES = 65_536


def _after_blank(head: str, position: int) -> int:
    while position < len(head) and head[position] in " \t\r;":
        position += 1
    if position < len(head) and head[position] == "\n":
        return position + 1
    return position
