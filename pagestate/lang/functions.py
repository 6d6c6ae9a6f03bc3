"""The decorators of a model's functions, and what they record."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, TracebackType
from typing import Any, TypeAlias, TypeVar, cast, get_args, overload

from pagestate.core.property import PropertyKind
from pagestate.core.sorts import IndexSort
from pagestate.core.system import Fairness
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.state import Index, State, index_sort
from pagestate.lang.statements import only_in_models

F = TypeVar("F", bound=Callable[..., Any])
Predicate: TypeAlias = Callable[..., bool] | Callable[..., tuple[bool, bool]]
"""What a property is written as."""


def plain_function(fn: object) -> None:
    """Raises ModelError PS308 for what is no Python function, or decorated already."""
    if not isinstance(fn, FunctionType):
        name = getattr(fn, "name", None) or getattr(fn, "__name__", repr(fn))
        raise ModelError(
            "PS308",
            f"{name} cannot be decorated like this",
            hint="one decorator per function, above a def",
        )


@dataclass(frozen=True)
class Function:
    """A decorated function; ``kind`` is atomic, inline, derived or thread."""

    kind: str
    fn: Callable[..., Any]
    src: str = ""
    say: str = ""

    def __post_init__(self) -> None:
        plain_function(self.fn)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.fn.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Functions of a model are compiled; only a derived predicate can simply be called."""
        if self.kind == "derived":
            return self.fn(*args, **kwargs)
        return only_in_models(self.name)

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
    fair: Fairness = "weak"
    eager: bool = False


@overload
def thread(fn: F, /) -> F: ...
@overload
def thread(
    *,
    replicated: bool | type[Index] = False,
    repeat: bool = False,
    src: str = "",
    fair: Fairness = "weak",
    eager: bool = False,
) -> Callable[[F], F]: ...
def thread(
    fn: Any = None,
    /,
    *,
    replicated: bool | type[Index] = False,
    repeat: bool = False,
    src: str = "",
    fair: Fairness = "weak",
    eager: bool = False,
) -> Any:
    """``@thread`` or ``@thread(...)``: an actor of the protocol.

    ``replicated``: any number of them (a sort named after the function, or a given index class);
    ``repeat``: it starts again, with new arguments, when it has finished.  ``fair`` is what
    liveness properties assume: a started thread that could always go on does (``weak``), one that
    could go on again and again does (``strong``), nothing (``none``); ``eager``: a repeating thread
    does start again when it can.
    """
    if fair not in get_args(Fairness):
        hint = f"one of: {', '.join(get_args(Fairness))}"
        raise ModelError("PS308", f"a thread cannot have fair={fair!r}", hint=hint)
    if eager and not repeat:
        hint = "a thread that runs once starts anyway"
        raise ModelError("PS308", "only a thread with repeat=True can be eager", hint=hint)

    def declare(fn: F) -> F:
        sort: IndexSort | None = None
        if replicated is True:
            sort = IndexSort(fn.__name__)
        elif replicated:
            sort = index_sort(replicated)
        return cast(F, ThreadDecl("thread", fn, src, "", sort, repeat, fair, eager))

    return declare if fn is None else declare(fn)


@dataclass(frozen=True)
class PropertyDecl:
    """A declared property; ``fn`` is a pure predicate over the state (or two, for ``step``).

    For ``leads_to`` it returns the antecedent and the goal.
    """

    kind: PropertyKind
    title: str
    fn: Predicate

    def __post_init__(self) -> None:
        plain_function(self.fn)
        wanted = "the state before and after a step" if self.kind == "step" else "the state"
        if len(inspect.signature(self.fn).parameters) != (2 if self.kind == "step" else 1):
            raise ModelError(
                "PS308", f"{self.name} is a property of kind {self.kind}: it takes {wanted}"
            )

    @property
    def name(self) -> str:
        """The name it is selected and reported by."""
        return self.fn.__name__

    @property
    def doc(self) -> str:
        """The reason for it."""
        return inspect.getdoc(self.fn) or ""


def _property(kind: PropertyKind, title: str) -> Callable[[Predicate], PropertyDecl]:
    if not isinstance(title, str):
        raise ModelError(
            "PS308",
            f"@{kind} takes a title",
            hint=f'write @{kind}("what holds") above the function',
        )
    return lambda fn: PropertyDecl(kind, title, fn)


def always(title: str) -> Callable[[Callable[..., bool]], PropertyDecl]:
    """``@always("..."):`` holds in every reachable state."""
    return _property("always", title)


def step(title: str) -> Callable[[Callable[..., bool]], PropertyDecl]:
    """``@step("...")``: holds of every step; the function takes the state before and after."""
    return _property("step", title)


def reachable(title: str) -> Callable[[Callable[..., bool]], PropertyDecl]:
    """``@reachable("...")``: some execution gets there; if none does, the model is vacuous."""
    return _property("reachable", title)


def eventually(title: str) -> Callable[[Callable[..., bool]], PropertyDecl]:
    """``@eventually("...")``: every fair execution gets to a state where it holds."""
    return _property("eventually", title)


def leads_to(title: str) -> Callable[[Callable[..., tuple[bool, bool]]], PropertyDecl]:
    """``@leads_to("...")``: the function returns two conditions; where the first holds, every fair
    execution goes on to (or is in) a state where the second does."""
    return _property("leads_to", title)


def _deadlock_free() -> PropertyDecl:
    def deadlock_free(state: State) -> bool:
        """No threads wait for each other's locks (or one for its own), whoever else still runs;
        and nothing moves any more only when every thread has ended or is at its start."""
        return cast(bool, only_in_models("deadlock_free"))

    return PropertyDecl("deadlock_free", "nobody waits for ever for a lock", deadlock_free)


deadlock_free = _deadlock_free()
"""The ready-made property: a model lists it among its properties."""
