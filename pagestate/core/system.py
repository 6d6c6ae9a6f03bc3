"""The symbolic transition system: variables, actions, threads.  Pure data, no solver.

Normal form kept by the compiler and expected by the engines: every index of a ``Read`` or of a
``Write`` is a parameter of the action, a quantifier's or bulk write's binder, or (finite instances)
a literal.  Where a step works on the page a local names, the action has a parameter for that page
and its guard says that the local equals the parameter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pagestate.core.expr import TRUE, Expr, Param, Quant, Read, Size, walk
from pagestate.core.sorts import DataSort, IndexSort, RefSort, Value
from pagestate.core.span import Span


@dataclass(frozen=True, slots=True)
class StateVar:
    """A state variable: one cell per combination of members of ``dims`` (none: one cell).

    ``init`` is the initial value, or None where it is free (see ``System.init``).
    ``thread`` names the thread whose control point or local this is.
    """

    name: str
    dims: tuple[IndexSort, ...]
    sort: DataSort
    init: Value = None
    free: bool = False
    thread: str | None = None
    control: bool = False
    ghost: bool = False
    span: Span | None = field(default=None, compare=False)
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """``var[index] := value``; with binders, for all their members that satisfy ``where``.

    All terms are read in the state before the step.  Of two writes of one action to one cell the
    later one in the action's list counts.
    """

    var: str
    index: tuple[Expr, ...]
    value: Expr
    binders: tuple[Param, ...] = ()
    where: Expr = TRUE


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What a reader of a trace wants to know about an action.

    ``text`` is the step as kernel people would write it; ``{name}`` stands for the value of the
    parameter ``name`` of the action.  ``calls`` are the enclosing inline calls, outermost first,
    in the same form.  ``src`` is the kernel function (``"mm/swap.c: __put_page"``).
    ``note`` is shown behind the step (``"WARN_ON"``, a fault).
    """

    text: str
    calls: tuple[str, ...] = ()
    label: str = ""
    target: str = ""
    span: Span | None = None
    src: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One atomic step: where ``guard`` holds for some values of ``params``, do all ``writes``.

    ``thread_param`` is the parameter that says which member of a replicated thread moves.
    ``expect_dead`` gives the reason why the step may never be taken.  ``takes`` is the lock that
    the step acquires, ``"name(read)"`` if for reading.
    """

    name: str
    guard: Expr
    writes: tuple[Write, ...]
    params: tuple[Param, ...] = ()
    thread: str = ""
    thread_param: Param | None = None
    info: StepInfo = StepInfo("")
    expect_dead: str = ""
    takes: str = ""


Fairness: TypeAlias = Literal["weak", "strong", "none"]


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread: its control variable, its labels, and which locals live at which label.

    ``index`` is the sort it is replicated over; ``live`` maps a label to the names of the state
    variables of this thread that can differ from their default there, ``holds`` to the locks held
    there (``"name(read)"`` for reading, ``"name(queued)"`` while queued for writing).
    ``fair`` is what liveness assumes of its steps; ``eager``: also that it starts (again).
    """

    name: str
    control: str
    start: str
    labels: tuple[str, ...]
    index: IndexSort | None = None
    repeat: bool = False
    final: str | None = None
    live: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    src: str = ""
    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    fair: Fairness = "weak"
    eager: bool = False


@dataclass(frozen=True, slots=True)
class System:
    """A transition system over index sorts.

    The initial states are those with the variables' ``init`` values whose free variables satisfy
    ``init``.
    """

    name: str
    sorts: tuple[IndexSort, ...]
    variables: tuple[StateVar, ...]
    actions: tuple[Action, ...]
    threads: tuple[Thread, ...] = ()
    init: Expr = TRUE
    assumptions: tuple[str, ...] = ()

    def variable(self, name: str) -> StateVar:
        """The variable called ``name``; raises KeyError."""
        for var in self.variables:
            if var.name == name:
                return var
        raise KeyError(name)

    def thread(self, name: str) -> Thread:
        """The thread called ``name``; raises KeyError."""
        for thread in self.threads:
            if thread.name == name:
                return thread
        raise KeyError(name)


def terms_of(action: Action) -> Iterator[Expr]:
    """Every term of an action: guard, written indices and values, conditions of bulk writes."""
    yield action.guard
    for write in action.writes:
        yield from write.index
        yield write.value
        yield write.where


def index_sorts(expr: Expr) -> set[IndexSort]:
    """The index sorts a term quantifies over, takes the size of, or refers to."""
    found = set[IndexSort]()
    for term in walk(expr):
        match term:
            case Quant(binder=binder) if isinstance(binder.sort, IndexSort):
                found.add(binder.sort)
            case Size(index=index):
                found.add(index)
            case Param(sort=sort) if isinstance(sort, IndexSort):
                found.add(sort)
            case Read(sort=sort) if isinstance(sort, RefSort):
                found.add(sort.index)
            case _:
                pass
    return found
