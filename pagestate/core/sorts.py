"""The sorts of the core: what values a variable can hold.

Data sorts hold finite data or natural numbers; index sorts (page, block, getter, ...) name the
members of a replicated thing.  A ``RefSort`` variable holds one member of an index sort or none.
A value is a plain Python value: ``bool``, ``str`` (a member of an enumeration), ``int``, and for a
reference an ``int`` (the member's number) or ``None``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

Value: TypeAlias = bool | str | int | None


@dataclass(frozen=True, slots=True)
class BoolSort:
    """True or false."""

    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True, slots=True)
class EnumSort:
    """One of a fixed list of names."""

    name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class IntSort:
    """An integer from ``lo`` to ``hi``, both included."""

    lo: int
    hi: int

    def __str__(self) -> str:
        return f"int[{self.lo}..{self.hi}]"


@dataclass(frozen=True, slots=True)
class CountSort:
    """A natural number: unbounded in proofs, cut at a stated bound in finite searches."""

    def __str__(self) -> str:
        return "count"


@dataclass(frozen=True, slots=True)
class IndexSort:
    """A set of interchangeable members whose number is set for a run (``ordered``: not so)."""

    name: str
    ordered: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class RefSort:
    """A member of an index sort, or none."""

    index: IndexSort

    def __str__(self) -> str:
        return f"{self.index.name} or none"


DataSort: TypeAlias = BoolSort | EnumSort | IntSort | CountSort | RefSort
Sort: TypeAlias = DataSort | IndexSort

BOOL = BoolSort()
COUNT = CountSort()


@dataclass(frozen=True, slots=True)
class Sizes:
    """The finite instance of a run: members of each index sort, and the bound of counters."""

    index: Mapping[str, int]
    count_bound: int = 3

    def of(self, sort: IndexSort) -> int:
        """The number of members of ``sort``; raises KeyError for a sort without a size."""
        return self.index[sort.name]


def domain_size(sort: Sort, sizes: Sizes) -> int:
    """How many values ``sort`` has in the instance ``sizes``."""
    match sort:
        case BoolSort():
            return 2
        case EnumSort(members=members):
            return len(members)
        case IntSort(lo=lo, hi=hi):
            return hi - lo + 1
        case CountSort():
            return sizes.count_bound + 1
        case IndexSort():
            return sizes.of(sort)
        case RefSort(index=index):
            return sizes.of(index) + 1
        case _:
            assert_never(sort)


def encode(sort: Sort, value: Value) -> int:
    """The code 0, 1, 2, ... of ``value``: the engines' representation of a state."""
    match sort:
        case BoolSort():
            return int(bool(value))
        case EnumSort(members=members):
            return members.index(str(value))
        case IntSort(lo=lo):
            assert isinstance(value, int)
            return value - lo
        case CountSort() | IndexSort():
            assert isinstance(value, int)
            return value
        case RefSort():
            assert value is None or isinstance(value, int)
            return 0 if value is None else value + 1
        case _:
            assert_never(sort)


def decode(sort: Sort, code: int) -> Value:
    """The value of a code made by :func:`encode`."""
    match sort:
        case BoolSort():
            return bool(code)
        case EnumSort(members=members):
            return members[code]
        case IntSort(lo=lo):
            return code + lo
        case CountSort() | IndexSort():
            return code
        case RefSort():
            return None if code == 0 else code - 1
        case _:
            assert_never(sort)


def default_value(sort: DataSort) -> Value:
    """What a dead local of ``sort`` is reset to, so that equal situations are equal states."""
    match sort:
        case BoolSort():
            return False
        case EnumSort(members=members):
            return members[0]
        case IntSort(lo=lo):
            return lo
        case CountSort():
            return 0
        case RefSort():
            return None
        case _:
            assert_never(sort)
