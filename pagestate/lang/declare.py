"""What a model file is written with: sorts, fields, decorators, the Model object.

Everything here only records what was declared.  The bodies of decorated functions are compiled
from their syntax tree (:mod:`pagestate.lang.compile`) and, for replay, executed
(:mod:`pagestate.lang.concrete`).
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Generic, TypeVar, cast, overload

from pagestate.core.property import PropertyKind
from pagestate.core.sorts import BOOL, COUNT, DataSort, EnumSort, IndexSort, IntSort, RefSort
from pagestate.core.span import Span
from pagestate.lang.diagnostics import ModelError

T = TypeVar("T")
Ix = TypeVar("Ix", bound="Index")
F = TypeVar("F", bound=Callable[..., Any])


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
    return DataSpec(IntSort(lo, hi))


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


# ---------------------------------------------------------------------------------- statements


def _only_in_models(name: str) -> Any:
    raise TypeError(f"{name} means something only in a model, which is compiled, not called")


def choose(options: Iterable[T]) -> T:
    """Any one of ``options``: members of an index sort (filtered), an Enum class, a range."""
    return cast(T, _only_in_models("choose"))


def either() -> bool:
    """True or false, nobody knows which."""
    return cast(bool, _only_in_models("either"))


def wait_until(condition: bool) -> None:
    """Block until the condition holds."""
    _only_in_models("wait_until")


def bug_on(condition: bool) -> None:
    """The kernel crashes here if the condition holds: violates ``no_crash``."""
    _only_in_models("bug_on")


def warn_on(condition: bool) -> None:
    """The kernel prints a warning here if the condition holds; the trace shows it."""
    _only_in_models("warn_on")


def count(hits: Iterable[bool]) -> int:
    """For how many the condition holds: ``count(m.isolated[p] for p in m.pages)``."""
    return sum(1 for hit in hits if hit)


def mutex_lock(lock: Lock) -> None:
    """Take a mutex; sleeps until it is free."""
    _only_in_models("mutex_lock")


def mutex_unlock(lock: Lock) -> None:
    """Release a mutex; the caller must hold it."""
    _only_in_models("mutex_unlock")


def spin_lock(lock: Lock) -> None:
    """Take a spinlock."""
    _only_in_models("spin_lock")


def spin_unlock(lock: Lock) -> None:
    """Release a spinlock; the caller must hold it."""
    _only_in_models("spin_unlock")


def down_read(lock: Lock) -> None:
    """Take a reader/writer lock for reading; waits for writers, also queued ones."""
    _only_in_models("down_read")


def up_read(lock: Lock) -> None:
    """Release a reader/writer lock held for reading."""
    _only_in_models("up_read")


def down_write(lock: Lock) -> None:
    """Take a reader/writer lock for writing; while waiting it keeps new readers out."""
    _only_in_models("down_write")


def up_write(lock: Lock) -> None:
    """Release a reader/writer lock held for writing."""
    _only_in_models("up_write")


LOCK_OPERATIONS: Mapping[str, tuple[str, str]] = {
    "mutex_lock": ("mutex", "lock"),
    "mutex_unlock": ("mutex", "unlock"),
    "spin_lock": ("spinlock", "lock"),
    "spin_unlock": ("spinlock", "unlock"),
    "down_read": ("rwsem", "lock_read"),
    "up_read": ("rwsem", "unlock_read"),
    "down_write": ("rwsem", "lock"),
    "up_write": ("rwsem", "unlock"),
}
"""For each lock operation: the kind of lock it works on, and what it does."""


# ---------------------------------------------------------------------------------- functions


@dataclass(frozen=True)
class Function:
    """A decorated function; ``kind`` is atomic, inline, derived or thread."""

    kind: str
    fn: Callable[..., Any]
    src: str = ""
    say: str = ""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.fn.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Functions of a model are compiled; only a derived predicate can simply be called."""
        if self.kind == "derived":
            return self.fn(*args, **kwargs)
        return _only_in_models(self.name)

    def __get__(self, obj: object | None, owner: type) -> Any:
        """Derived predicates may be methods of the state."""
        if obj is None:
            return self
        return lambda *args: self.fn(obj, *args)


class Atomic:
    """What ``atomic(...)`` gives: a decorator, or the context of a block that is one step."""

    def __init__(self, say: str, src: str) -> None:
        self.say, self.src = say, src

    def __call__(self, fn: F) -> F:
        """As a decorator: the function is one step."""
        return cast(F, Function("atomic", fn, self.src, self.say))

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


@overload
def atomic(fn: F, /) -> F: ...
@overload
def atomic(say: str = "", /, *, src: str = "") -> Atomic: ...
def atomic(what: Any = "", /, *, src: str = "") -> Any:
    """``@atomic``: a function that is one step.  ``with atomic("text"):`` a block that is one.

    ``text`` is what a trace shows, with ``{name}`` for a local; ``src`` the kernel function.
    """
    if callable(what):
        return Function("atomic", what)
    return Atomic(what, src)


@overload
def inline(fn: F, /) -> F: ...
@overload
def inline(*, src: str = "") -> Callable[[F], F]: ...
def inline(fn: Any = None, /, *, src: str = "") -> Any:
    """``@inline``: a function whose statements are steps of the calling thread."""
    if fn is None:
        return lambda f: Function("inline", f, src)
    return Function("inline", fn, src)


def derived(fn: F) -> F:
    """``@derived``: a pure predicate over the state, for properties and atomic steps."""
    return cast(F, Function("derived", fn))


@dataclass(frozen=True)
class ThreadDecl(Function):
    """A declared thread."""

    replicated: IndexSort | None = None
    repeat: bool = False


def thread(
    *, replicated: bool | type[Index] = False, repeat: bool = False, src: str = ""
) -> Callable[[F], F]:
    """``@thread(...)``: an actor of the protocol.

    ``replicated``: any number of them (a sort named after the function, or a given index class);
    ``repeat``: it starts again, with new arguments, when it has finished.
    """

    def declare(fn: F) -> F:
        sort: IndexSort | None = None
        if replicated is True:
            sort = IndexSort(fn.__name__)
        elif replicated:
            sort = index_sort(replicated)
        return cast(F, ThreadDecl("thread", fn, src, "", sort, repeat))

    return declare


@dataclass(frozen=True)
class PropertyDecl:
    """A declared property; ``fn`` is a pure predicate over the state (or two, for ``step``)."""

    kind: PropertyKind
    title: str
    fn: Callable[..., bool]

    @property
    def name(self) -> str:
        """The name it is selected and reported by."""
        return self.fn.__name__

    @property
    def doc(self) -> str:
        """The reason for it."""
        return inspect.getdoc(self.fn) or ""


def always(title: str) -> Callable[[Callable[..., bool]], PropertyDecl]:
    """``@always("..."):`` holds in every reachable state."""
    return lambda fn: PropertyDecl("always", title, fn)


def step(title: str) -> Callable[[Callable[..., bool]], PropertyDecl]:
    """``@step("...")``: holds of every step; the function takes the state before and after."""
    return lambda fn: PropertyDecl("step", title, fn)


def reachable(title: str) -> Callable[[Callable[..., bool]], PropertyDecl]:
    """``@reachable("...")``: some execution gets there; if none does, the model is vacuous."""
    return lambda fn: PropertyDecl("reachable", title, fn)


# ---------------------------------------------------------------------------------- the model


@dataclass(frozen=True)
class Switch:
    """A named parameter of a model."""

    name: str
    default: bool | str | int
    meaning: str
    choices: tuple[bool | str | int, ...]
    src: str = ""

    def parse(self, text: str) -> bool | str | int:
        """The value written as ``text``.  Raises ModelError PS302."""
        words = {str(c).lower() if isinstance(c, bool) else str(c): c for c in self.choices}
        if text not in words:
            raise ModelError(
                "PS302",
                f"switch {self.name!r} cannot be {text!r}",
                hint=f"one of: {', '.join(words)}",
            )
        return words[text]


@overload
def switch(name: str, default: bool, meaning: str, *, src: str = "") -> bool: ...
@overload
def switch(
    name: str, default: str, meaning: str, *, choices: Sequence[str], src: str = ""
) -> str: ...
@overload
def switch(
    name: str, default: int, meaning: str, *, choices: Sequence[int], src: str = ""
) -> int: ...
def switch(
    name: str,
    default: bool | str | int,
    meaning: str,
    *,
    choices: Sequence[bool | str | int] = (False, True),
    src: str = "",
) -> Any:
    """A named model parameter with a default and a one-line meaning, fixed before compilation."""
    if default not in choices:
        raise ModelError("PS308", f"switch {name!r}: the default {default!r} is not a choice")
    return Switch(name, default, meaning, tuple(choices), src)


@dataclass(frozen=True)
class Expect:
    """An expected verdict for one valuation: the defaults changed by ``when``."""

    prop: PropertyDecl | str
    verdict: str
    reason: str
    when: Mapping[str, bool | str | int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the property."""
        return self.prop if isinstance(self.prop, str) else self.prop.name


@dataclass(frozen=True, eq=False)
class Model:
    """A protocol: state, threads, switches, properties, sizes, expectations.

    ``init`` restricts free initial values; ``assumptions`` are printed with every answer.
    """

    name: str
    state: type[State]
    threads: Sequence[Callable[..., None]]
    properties: Sequence[PropertyDecl] = ()
    switches: Sequence[Any] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    init: Callable[..., bool] | None = None
    expect: Sequence[Expect] = ()
    assumptions: Sequence[str] = ()
    doc: str = ""
    span: Span | None = None

    def __post_init__(self) -> None:
        frame = inspect.currentframe()
        caller = frame.f_back.f_back if frame and frame.f_back else None
        if caller is not None:
            line = caller.f_lineno
            file = caller.f_code.co_filename
            object.__setattr__(self, "span", Span(file, line, 1, line, 1))
            if not self.doc:
                doc = str(caller.f_globals.get("__doc__") or "")
                object.__setattr__(self, "doc", doc)

    def declared_switches(self) -> tuple[Switch, ...]:
        """The switches, as declared objects."""
        return tuple(cast(Switch, s) for s in self.switches)

    def declared_threads(self) -> tuple[ThreadDecl, ...]:
        """The threads, as declared objects."""
        return tuple(cast(ThreadDecl, t) for t in self.threads)


def data_sort(spec: Any) -> DataSort:
    """The core sort of a Python type or DataSpec.  Raises ModelError PS308."""
    if isinstance(spec, DataSpec):
        return spec.sort
    if spec is bool:
        return BOOL
    if isinstance(spec, type) and issubclass(spec, Enum):
        return EnumSort(spec.__name__, tuple(spec.__members__))
    if isinstance(spec, type) and issubclass(spec, Index):
        return RefSort(index_sort(spec))
    raise ModelError(
        "PS308",
        f"{spec!r} is not a sort",
        hint="use bool, Count, Range(lo, hi), an Enum class or an Index class",
    )
