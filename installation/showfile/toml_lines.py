"""Where each key of a TOML text stands: ``tomllib`` gives the values without lines, this module the lines without
values."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Loc = tuple[str | int, ...]
"""A way into the document: ``("piece", 0, "walk", "seeds", 2)``. Elements of an array count from 0."""

Lines = Mapping[Loc, int]

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<text>"{3}(?:\\[\s\S]|(?!"{3})[\s\S])*"{3,5} | '{3}(?:(?!'{3})[\s\S])*'{3,5}
               | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
      | (?P<mark>[\[\]{},=.])
      | (?P<bare>[^\s\[\]{},=.\#"']+)""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int

    @property
    def mark(self) -> str:
        """The bracket, comma, sign or dot that it is, or nothing."""
        return self.text if self.kind == "mark" else ""

    @property
    def key(self) -> str:
        """The key that it spells."""
        return str(tomllib.loads(f"key = {self.text}")["key"]) if self.kind == "text" else self.text


def key_lines(text: str) -> Lines:
    """The line (from 1) of every key, table and array element of a text that ``tomllib`` has accepted. What is written
    in several places, as the ``a`` of ``a.b`` and ``a.c``, is where it is met first."""
    return _Scanner().scan(_tokens(text.replace("\r\n", "\n")))


def line_of(lines: Lines, loc: Loc) -> int:
    """The line of ``loc``, or of the nearest part of the way to it that is written down; 1 where none is."""
    while loc and loc not in lines:
        loc = loc[:-1]
    return lines.get(loc, 1)


def _tokens(text: str) -> Iterator[_Token]:
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "blank":
            yield _Token(kind, match[0], bisect_right(starts, match.start()))


class _Open:
    """An array or an inline table that is being read."""

    def __init__(self, loc: Loc, table: bool) -> None:
        self.loc, self.table = loc, table
        self.key: Loc = ()
        self.keyed = False
        self.count = 0

    @property
    def at(self) -> Loc:
        """The key or element that is being read."""
        return (*self.loc, *self.key) if self.table else (*self.loc, self.count)

    def next(self) -> None:
        self.key, self.keyed, self.count = (), False, self.count + 1


class _Scanner:
    """Follows the tokens and notes lines. What is open stands on a list: no depth of nesting exhausts it."""

    def __init__(self) -> None:
        self.lines: dict[Loc, int] = {}
        self.counts: dict[Loc, int] = {}  # the tables so far of each [[array of tables]]

    def scan(self, tokens: Iterator[_Token]) -> Lines:
        table: Loc = ()
        for token in tokens:
            if token.mark == "[":
                table = self._header(tokens)
            elif token.kind != "newline":
                self._value(tokens, self._key(token, tokens, table))
        return self.lines

    def _header(self, tokens: Iterator[_Token]) -> Loc:
        """``[a.b]`` or ``[[a.b]]`` after its first bracket; the table that the following keys are in."""
        loc: Loc = ()
        array, line = False, 1
        for token in tokens:
            if token.kind == "newline":
                break
            line = token.line
            array = array or token.mark == "["
            if not token.mark:
                loc = (*self._inside(loc, line), token.key)
        if array:
            self.lines.setdefault(loc, line)
            self.counts[loc] = self.counts.get(loc, 0) + 1
        return self._inside(loc, line)

    def _inside(self, loc: Loc, line: int) -> Loc:
        """Where a header's further keys belong: in the latest of its tables, if it is an array of them."""
        if loc in self.counts:
            loc = (*loc, self.counts[loc] - 1)
        if loc:
            self.lines.setdefault(loc, line)
        return loc

    def _key(self, first: _Token, tokens: Iterator[_Token], table: Loc) -> Loc:
        """``a.b =``, up to its equals sign."""
        loc = (*table, first.key)
        self.lines.setdefault(loc, first.line)
        for token in tokens:
            if token.mark == "=":
                break
            if not token.mark:
                loc = (*loc, token.key)
                self.lines.setdefault(loc, token.line)
        return loc

    def _value(self, tokens: Iterator[_Token], loc: Loc) -> None:
        """A value, up to the end of its last line."""
        stack: list[_Open] = []
        for token in tokens:
            if token.kind != "newline":
                self._take(token, stack, loc)
            elif not stack:
                return

    def _take(self, token: _Token, stack: list[_Open], loc: Loc) -> None:
        """One token of the value of ``loc``; ``stack`` holds what is open within it, the innermost last."""
        here = stack[-1] if stack else None
        if token.mark in ("]", "}"):
            stack.pop()
        elif here and token.mark == ",":
            here.next()
        elif here and here.table and not here.keyed:
            here.keyed = token.mark == "="
            here.key = here.key if token.mark else (*here.key, token.key)
            self.lines.setdefault(here.at, token.line)
        else:
            at = here.at if here else loc
            self.lines.setdefault(at, token.line)
            if token.mark in ("[", "{"):
                stack.append(_Open(at, token.mark == "{"))
