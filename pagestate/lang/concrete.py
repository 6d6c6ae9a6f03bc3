"""Compiles a model's functions to plain Python that runs one step at a time.

The same syntax trees as in :mod:`pagestate.lang.machine`, by another road: statements keep their
line numbers, so that a debugger stops in the user's file.
"""

from collections.abc import Generator, Mapping
from typing import Any, Protocol

from pagestate.core.sorts import Value
from pagestate.core.trace import CellName, State
from pagestate.lang.declare import Model
from pagestate.lang.faults import LOCKING
from pagestate.lang.functions import Predicate, ThreadDecl
from pagestate.lang.layout import layout_of
from pagestate.lang.rewrite import Library
from pagestate.lang.runtime import (
    Blocked,
    Fault,
    FieldValue,
    GlobalValue,
    LockValue,
    concrete_value,
    plain,
)
from pagestate.lang.source import source_of
from pagestate.lang.state import DataSpec, Field, Index, Members, Var


class Program(Protocol):
    """What running a model needs to know: the model, its valuation, the names of its variables."""

    @property
    def model(self) -> Model:
        """The model."""
        ...

    @property
    def valuation(self) -> Mapping[str, bool | str | int]:
        """The values of its switches."""
        ...

    @property
    def names(self) -> frozenset[str]:
        """The names of the variables that it has in this valuation."""
        ...

    def ends(self, thread: str) -> tuple[str, str, str | None]:
        """A thread's control variable, its first label, and its last one if it has one."""
        ...


class Machine:
    """A running model: the state object and the threads, moved by a schedule.

    ``library``: the functions that another machine has made; of machines that share them the last
    one to begin, or to begin again, is the one that runs.
    """

    def __init__(
        self,
        program: Program,
        sizes: Mapping[str, int],
        initial: State,
        library: Library | None = None,
    ) -> None:
        model = program.model
        self.program, self.sizes = program, dict(sizes)
        self.layout = layout_of(model)
        self.readers = frozenset(
            n for n, k in self.layout.locks.items() if k.readers in program.names
        )
        self.library = Library() if library is None else library
        self.library.serve(program.valuation, self.sizes, self.readers, self.idle, self.layout)
        self.runtime = self.library.runtime
        self.runtime.spinning = {
            n for n, info in self.layout.locks.items() if info.kind == "spinlock"
        }
        self.fault = "none"
        self.threads: dict[str, ThreadDecl] = {t.name: t for t in model.declared_threads()}
        self.running = dict[tuple[str, int | None], Generator[None, None, None]]()
        self.ended = set[tuple[str, int | None]]()
        self.held = dict[tuple[str, int | None], set[str]]()
        self.state = self._state(initial)

    def restart(self, initial: State) -> None:
        """Begin again in another initial state of the same sizes; what is compiled stays."""
        self.library.serve(self.program.valuation, self.sizes, self.readers, self.idle, self.layout)
        self.fault = "none"
        self.running.clear()
        self.ended.clear()
        self.held.clear()
        self.state = self._state(initial)

    def _state(self, initial: State) -> Any:
        model, namespace = self.program.model, dict[str, Any]()
        for name, info in self.layout.fields.items():
            if info.index is None:
                namespace[name] = GlobalValue(info, self.runtime)
        for name, function in self.layout.derived.items():
            namespace[name] = self.library.function(function)
        cls = type(model.state.__name__, (model.state,), namespace)
        state: Any = object.__new__(cls)
        for name, info in self.layout.fields.items():
            declared = _declared(model.state, name)
            assert isinstance(declared, Field | Var)

            def cell(
                index: tuple[int, ...], d: Any = declared, n: str = name, s: Any = info.sort
            ) -> Any:
                if (n, index) in initial:
                    return concrete_value(s, initial[n, index], d.sort)
                return d.init

            if info.index is None:
                state.__dict__[name] = cell(())
            else:
                size = self.sizes.get(info.index.name, 0)
                values = [cell((i,)) for i in range(size)]
                state.__dict__[name] = FieldValue(info, values, self.runtime)
        for name, lock in self.layout.locks.items():
            state.__dict__[name] = LockValue(lock, self.runtime)
        for name, sort in self.layout.members.items():
            declared_members = _declared(model.state, name)
            assert isinstance(declared_members, Members)
            state.__dict__[name] = Members(declared_members.cls, self.sizes.get(sort.name, 0))
        return state

    def shared(self) -> dict[CellName, Value]:
        """The shared state, cell by cell."""
        cells = dict[CellName, Value]()
        for name, info in self.layout.fields.items():
            value = self.state.__dict__[name]
            if info.index is None:
                cells[name, ()] = plain(value)
            else:
                cells.update({(name, (i,)): plain(v) for i, v in enumerate(value.values)})
        for name, info_ in self.layout.locks.items():
            lock = self.state.__dict__[name]
            cells[name, ()] = lock.owner
            cells[info_.readers, ()] = lock.readers
            cells[info_.queued, ()] = lock.queued
        cells["fault", ()] = self.fault
        return cells

    def restore(self, cells: Mapping[CellName, Value]) -> None:
        """Put the shared state back to what :meth:`shared` gave."""
        for name, info in self.layout.fields.items():
            spec = _declared(self.program.model.state, name).sort
            if info.index is None:
                self.state.__dict__[name] = concrete_value(info.sort, cells[name, ()], spec)
            else:
                values = self.state.__dict__[name].values
                values[:] = [
                    concrete_value(info.sort, cells[name, (i,)], spec) for i in range(len(values))
                ]
        for name, info_ in self.layout.locks.items():
            lock = self.state.__dict__[name]
            lock.owner = cells[name, ()]
            lock.readers = cells[info_.readers, ()]
            lock.queued = cells[info_.queued, ()]

    def step(self, thread: str, member: int | None, picks: Mapping[str, Value]) -> None:
        """Let a thread take one step.

        Raises Blocked if it cannot, Fault if it breaks a built-in rule (the state is as before).
        """
        key = (thread, member)
        decl = self.threads[thread]
        held = self.held.setdefault(key, set())
        self.runtime.start(thread, picks, held)
        before = self.shared()
        if key in self.ended:
            raise Blocked(f"{thread} has ended")
        first = key not in self.running
        if first:
            source = source_of(decl.fn)
            args = [self._argument(hint, picks[name]) for name, hint in source.args]
            self.running[key] = self.library.function(decl)(self.state, *args)
        try:
            next(self.running[key])
        except StopIteration:
            if held:
                self.restore(before)
                self.fault = LOCKING
                raise Fault(LOCKING, f"{thread} ends while holding {held}") from None
            del self.running[key]
            if not decl.repeat:
                self.ended.add(key)
        except Fault as fault:
            if first:
                del self.running[key]
            self.restore(before)
            self.fault = fault.kind
            raise

    def _argument(self, hint: Any, value: Value) -> Any:
        if isinstance(hint, DataSpec) or hint is bool:
            return value
        return hint[value] if not issubclass(hint, Index) else hint(value)

    def at_start(self, thread: str, member: int | None) -> bool:
        """Whether the thread is before its first step (or ended)."""
        return (thread, member) not in self.running

    def idle(self, thread: str) -> bool:
        """Whether every member of the thread is before its first step or has ended."""
        return all(name != thread for name, _ in self.running)

    def evaluate(self, fn: Predicate, *states: Any) -> bool:
        """The value of a property's function in the present state (or in given ones)."""
        return bool(self._value(fn, states or (self.state,)))

    def evaluate_pair(self, fn: Predicate) -> tuple[bool, bool]:
        """The two values of a property that has an antecedent, in the present state."""
        antecedent, goal = self._value(fn, (self.state,))
        return bool(antecedent), bool(goal)

    def _value(self, fn: Predicate, states: tuple[Any, ...]) -> Any:
        run = self.library.predicate(fn)
        self.runtime.start("", {}, set())
        self.runtime.depth = 1
        return run(*states)

    def snapshot(self, cells: State) -> Any:
        """A separate state object with the given shared cells, for step properties."""
        return self._state(cells)


def _declared(cls: type, name: str) -> Any:
    for base in cls.__mro__:
        if name in vars(base):
            return vars(base)[name]
    raise KeyError(name)
