"""What a model's state is declared with: index sorts, data sorts, fields, globals, locks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar, cast, overload

from pagestate.core.sorts import BOOL, COUNT, DataSort, EnumSort, IndexSort, IntSort, RefSort
from pagestate.lang.diagnostics import ModelError

T = TypeVar("T")
Ix = TypeVar("Ix", bound="Index")


class Index:
    """A member of an index sort; subclass it to declare a sort (``ordered=True``: a pfn order).

    Members are compared with ``==`` only.
    """

    __slots__ = ("number",)
    ordered = False

    def __init_subclass__(cls, ordered: bool = False) -> None:
        cls.ordered = ordered

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other) and isinstance(other, Index) and self.number == other.number
        )

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.number))

    def __repr__(self) -> str:
        return f"{type(self).__name__.lower()} {self.number}"


class Page(Index):
    """A page frame (or the representative of a pageblock, where a model says so)."""


def index_sort(cls: type[Index]) -> IndexSort:
    """The core sort of an index class."""
    return IndexSort(cls.__name__.lower(), cls.ordered)


class Members(Generic[Ix]):
    """All members of an index sort: what ``m.pages`` and ``members(Page)`` are."""

    def __init__(self, cls: type[Ix], size: int = 0) -> None:
        self.cls = cls
        self.size = size

    def __iter__(self) -> Iterator[Ix]:
        return (self.cls(n) for n in range(self.size))


def members(cls: type[Ix]) -> Members[Ix]:
    """All members of an index sort, for quantifiers, loops and ``choose``."""
    return Members(cls)


@dataclass(frozen=True)
class DataSpec(Generic[T]):
    """A data sort that is not a Python type."""

    sort: DataSort


Count: DataSpec[int] = DataSpec(COUNT)
"""Natural numbers."""


def Range(lo: int, hi: int) -> DataSpec[int]:
    """Integers from ``lo`` to ``hi``; leaving the range is a violation."""
    if not (isinstance(lo, int) and isinstance(hi, int) and lo <= hi):
        raise ModelError("PS308", f"Range({lo!r}, {hi!r}) has no values", hint="Range(low, high)")
    return DataSpec(IntSort(lo, hi))


@dataclass(frozen=True)
class Lifecycle:
    """How ``pagestate graph`` tells the states of one page (``of``: of another member) apart.

    ``show`` is given the values of ``fields`` (of fields kept per member: that member's; of an
    enumeration the name) and returns a few words: the name of an abstract state.
    """

    fields: Sequence[str]
    show: Callable[[Mapping[str, Any]], str]
    of: type[Index] = Page


class Free:
    """An initial value left open; see :func:`free`."""


def free() -> Any:
    """Any initial value (restricted by the model's ``init`` condition)."""
    return Free()


class Field(Generic[Ix, T]):
    """A state variable with one cell per member of an index sort."""

    def __init__(
        self, index: type[Ix], sort: type[T] | DataSpec[T], init: Any, ghost: bool, doc: str
    ) -> None:
        self.index, self.sort, self.init, self.ghost, self.doc = index, sort, init, ghost, doc

    def __getitem__(self, member: Ix) -> T:
        raise TypeError("a field has values only in a running model")

    def __setitem__(self, member: Ix, value: T) -> None:
        raise TypeError("a field has values only in a running model")


class Var(Generic[T]):
    """A global state variable."""

    def __init__(self, sort: type[T] | DataSpec[T], init: Any, ghost: bool, doc: str) -> None:
        self.sort, self.init, self.ghost, self.doc = sort, init, ghost, doc
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, obj: None, owner: type) -> "Var[T]": ...
    @overload
    def __get__(self, obj: object, owner: type) -> T: ...
    def __get__(self, obj: object | None, owner: type) -> "Var[T] | T":
        if obj is None:
            return self
        return cast(T, obj.__dict__[self.name])

    def __set__(self, obj: object, value: T) -> None:
        obj.__dict__[self.name] = value


def per(
    index: type[Ix],
    sort: type[T] | DataSpec[T],
    *,
    init: T,
    ghost: bool = False,
    doc: str = "",
) -> Field[Ix, T]:
    """A field with one cell per member of ``index``; ``ghost``: only properties read it."""
    return Field(index, sort, init, ghost, doc)


def per_page(
    sort: type[T] | DataSpec[T], *, init: T, ghost: bool = False, doc: str = ""
) -> Field[Page, T]:
    """A field with one cell per page."""
    return Field(Page, sort, init, ghost, doc)


def var(sort: type[T] | DataSpec[T], *, init: T, ghost: bool = False, doc: str = "") -> Var[T]:
    """A global state variable."""
    return Var(sort, init, ghost, doc)


class Lock:
    """A lock of the state; ``kind`` is mutex, spinlock or rwsem, ``guards`` what it protects."""

    def __init__(self, kind: str, guards: tuple[str, ...], doc: str) -> None:
        self.kind, self.guards, self.doc = kind, guards, doc


def mutex(*, guards: Sequence[str] = (), doc: str = "") -> Lock:
    """A sleeping lock with one owner."""
    return Lock("mutex", tuple(guards), doc)


def spinlock(*, guards: Sequence[str] = (), doc: str = "") -> Lock:
    """A lock whose holder must not sleep."""
    return Lock("spinlock", tuple(guards), doc)


def rwsem(*, guards: Sequence[str] = (), doc: str = "") -> Lock:
    """A sleeping reader/writer lock; a queued writer blocks later readers."""
    return Lock("rwsem", tuple(guards), doc)


class State:
    """Base class of a model's state; its class attributes are fields, variables and locks."""

    pages: Members[Page] = Members(Page)


def data_sort(spec: Any) -> DataSort:
    """The core sort of a Python type or DataSpec.  Raises ModelError PS308."""
    if isinstance(spec, DataSpec):
        return spec.sort
    if spec is bool:
        return BOOL
    if isinstance(spec, type) and issubclass(spec, Enum):
        members_ = list(spec.__members__)
        if not members_ or len(members_) != len(list(spec)):
            raise ModelError("PS308", f"{spec.__name__} needs members of different values")
        return EnumSort(spec.__name__, tuple(spec.__members__))
    if isinstance(spec, type) and issubclass(spec, Index):
        return RefSort(index_sort(spec))
    raise ModelError(
        "PS308",
        f"{spec!r} is not a sort",
        hint="use bool, Count, Range(lo, hi), an Enum class or an Index class",
    )
