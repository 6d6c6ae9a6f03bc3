"""Where the keys of a TOML file stand: the standard library's parser forgets the lines.

A second reader of text that the first one has accepted, so it need not find errors.
"""

import re
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys of tables, numbers of array elements."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_QUOTES = ('"""', "'''", '"', "'")
_BLANK = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\n]*")


def lines_of(text: str) -> dict[Path, int]:
    """The line of every key and of every table, counted from 1.  ``text`` must be valid TOML."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found = dict[Path, int]()
        self.arrays = dict[Path, int]()

    def read(self) -> dict[Path, int]:
        prefix: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            line = self.line()
            if self.sees("[["):
                self.at += 2
                where = self.placed(self.key()[:])
                self.arrays[where] = self.arrays.get(where, -1) + 1
                prefix = (*where, self.arrays[where])
                self.found[prefix] = line
                self.at += 2
            elif self.sees("["):
                self.at += 1
                prefix = self.placed(self.key(), last=True)
                self.found.setdefault(prefix, line)
                self.at += 1
            else:
                self.pair(prefix)
            self.skip(_BLANK)
        return self.found

    def placed(self, names: Path, last: bool = False) -> Path:
        """``names`` with the numbers of the array elements they are in."""
        where: Path = ()
        for n, name in enumerate(names):
            where = (*where, name)
            if where in self.arrays and (last or n < len(names) - 1):
                where = (*where, self.arrays[where])
        return where

    def pair(self, prefix: Path) -> None:
        """``key = value``."""
        line = self.line()
        where = prefix
        for name in self.key():
            where = (*where, name)
            self.found.setdefault(where, line)
        self.skip(_SPACE)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(where)

    def value(self, where: Path) -> None:
        if self.sees("["):
            self.at, number = self.at + 1, 0
            self.skip(_BLANK)
            while not self.sees("]"):
                self.found[(*where, number)] = self.line()
                self.value((*where, number))
                number += 1
                self.skip(_BLANK)
            self.at += 1
        elif self.sees("{"):
            self.at += 1
            self.skip(_BLANK)
            while not self.sees("}"):
                self.pair(where)
                self.skip(_BLANK)
            self.at += 1
        elif self.text[self.at] in "\"'":
            self.string()
        else:
            self.skip(_SCALAR)

    def key(self) -> Path:
        """A dotted key."""
        names = list[str]()
        while True:
            self.skip(_SPACE)
            if self.text[self.at] in "\"'":
                names.append(self.string())
            else:
                names.append(self.skip(_BARE))
            self.skip(_SPACE)
            if not self.sees("."):
                return tuple(names)
            self.at += 1

    def string(self) -> str:
        quote = next(q for q in _QUOTES if self.sees(q))
        start = self.at = self.at + len(quote)
        while not self.sees(quote):
            self.at += 2 if quote[0] == '"' and self.sees("\\") else 1
        inside = self.text[start : self.at]
        self.at += len(quote)
        while len(quote) == 3 and self.sees(quote[0]):  # a quote just before the closing ones
            self.at += 1
        return inside

    def skip(self, pattern: "re.Pattern[str]") -> str:
        found = pattern.match(self.text, self.at)
        assert found is not None and (found.end() > self.at or pattern is not _BARE)
        self.at = found.end()
        return found[0]

    def sees(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1
