"""The concrete meaning of a model: plain Python values, executed step by step.

A model's functions are rewritten by :mod:`pagestate.lang.concrete` so that threads are generators
that pause where another thread may run.  Whether a statement touches shared state is found out
while it runs: the first access of a statement in a step that has had its access already raises
:class:`Boundary` before it has any effect, the thread pauses, and the statement is run again.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pagestate.core.sorts import CountSort, DataSort, EnumSort, IntSort, RefSort, Value
from pagestate.lang.faults import CRASH, LOCKING, RANGE, UNDERFLOW
from pagestate.lang.layout import FREE_LOCK, FieldInfo, LockInfo
from pagestate.lang.state import Index


class Boundary(Exception):
    """The step is over: the next statement touches shared state."""


class Blocked(Exception):
    """The step cannot be taken here: a wait, a lock, a choice that is not offered."""


class Fault(Exception):
    """A built-in safety property is violated; ``kind`` as in ``steps.FAULTS``."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass
class Runtime:
    """The step that is being executed: who moves, what is chosen, what was touched."""

    thread: str = ""
    picks: Mapping[str, Value] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    spinning: set[str] = field(default_factory=set)
    accessed: bool = False
    closed: bool = False
    depth: int = 0
    picked: set[str] = field(default_factory=set)

    def start(self, thread: str, picks: Mapping[str, Value], held: set[str]) -> None:
        """Begin a step of ``thread``."""
        self.thread, self.picks, self.held = thread, picks, held
        self.accessed = self.closed = False
        self.depth = 0
        self.picked = set()

    def begin(self) -> None:
        """Begin a statement."""
        self.closed = self.accessed

    def touch(self) -> None:
        """An access to shared state.  Raises Boundary if this step has had its access."""
        if self.depth == 0:
            if self.closed:
                raise Boundary
            self.accessed = True

    def choose(self, key: str, options: Iterable[Any], shared: bool = False) -> Any:
        """The choice that the schedule makes; ``shared``: what is offered depends on the state.

        Raises Boundary, Blocked.
        """
        if self.depth == 0:
            if self.accessed or key in self.picked:
                raise Boundary
            self.picked.add(key)
            self.accessed = shared
        self.depth += 1
        try:
            offered = list(options)
        finally:
            self.depth -= 1
        for option in offered:
            if key in self.picks and plain(option) == self.picks[key]:
                return option
        raise Blocked(f"choice {key} is not offered")

    def outcome(self, key: str, value: bool) -> bool:
        """What an ignored test comes out as.  Raises Boundary: the choice is of the next step."""
        if self.depth == 0:
            if self.closed or key in self.picked:
                raise Boundary
            self.picked.add(key)
        return bool(self.picks.get(key, value))

    def pick(self, key: str, options: Iterable[Any], seen: set[Any]) -> Any:
        """The next member of a scan, or None to leave it.  Raises Boundary, Blocked."""
        if self.accessed or key in self.picked:
            raise Boundary
        options = list(options)
        if all(option in seen for option in options):
            return None
        if key in self.picks:
            for option in options:
                if option not in seen and plain(option) == self.picks[key]:
                    self.picked.add(key)
                    seen.add(option)
                    return option
            raise Blocked(f"scan {key}: already visited")
        if any(option not in seen for option in options):
            raise Blocked(f"scan {key} is not finished")
        return None

    def wait_until(self, condition: bool) -> None:
        """Raises Blocked unless the condition holds; Fault in atomic context."""
        self.touch()
        self.may_sleep()
        if not condition:
            raise Blocked("wait_until")

    def may_sleep(self) -> None:
        """Raises Fault while a spinlock is held."""
        if self.spinning & self.held:
            raise Fault(LOCKING, "sleeping while holding a spinlock")

    def bug_on(self, condition: bool) -> None:
        """Raises Fault if the condition holds."""
        if condition:
            raise Fault(CRASH, "bug_on")

    def warn_on(self, condition: bool) -> None:
        """A warning changes nothing."""


def plain(value: Any) -> Value:
    """A value of the model as the core writes it."""
    if isinstance(value, Index):
        return value.number
    if isinstance(value, Enum):
        return value.name
    assert value is None or isinstance(value, bool | int | str)
    return value


def check_sort(sort: DataSort, value: Any, name: str) -> None:
    """Raises Fault for a number that does not fit."""
    if isinstance(sort, CountSort) and value < 0:
        raise Fault(UNDERFLOW, f"underflow of {name}")
    if isinstance(sort, IntSort) and not sort.lo <= value <= sort.hi:
        raise Fault(RANGE, f"{name} out of range")


def number_of(member: Index | None) -> int:
    """The number of a member used as an index; none crashes like a null pointer."""
    if member is None:
        raise Fault(CRASH, "none used as an index")
    return member.number


class FieldValue:
    """The cells of a field; one list item per member."""

    def __init__(self, info: FieldInfo, values: list[Any], runtime: Runtime) -> None:
        self.info, self.values, self.runtime = info, values, runtime

    def __getitem__(self, member: Index | None) -> Any:
        if not self.info.ghost:
            self.runtime.touch()
        return self.values[number_of(member)]

    def __setitem__(self, member: Index | None, value: Any) -> None:
        if not self.info.ghost:
            self.runtime.touch()
        number = number_of(member)
        check_sort(self.info.sort, value, self.info.name)
        self.values[number] = value


class GlobalValue:
    """A descriptor for a global of the running model."""

    def __init__(self, info: FieldInfo, runtime: Runtime) -> None:
        self.info, self.runtime = info, runtime

    def __get__(self, obj: Any, owner: type) -> Any:
        if not self.info.ghost:
            self.runtime.touch()
        return obj.__dict__[self.info.name]

    def __set__(self, obj: Any, value: Any) -> None:
        if not self.info.ghost:
            self.runtime.touch()
        check_sort(self.info.sort, value, self.info.name)
        obj.__dict__[self.info.name] = value


@dataclass
class LockValue:
    """A lock of the running model."""

    info: LockInfo
    runtime: Runtime
    owner: str = FREE_LOCK
    readers: int = 0
    queued: int = 0

    def lock(self) -> None:
        """Take the lock.  Raises Blocked, Fault."""
        self.runtime.touch()
        self.sleeps()
        if self.owner != FREE_LOCK or self.readers:
            raise Blocked(self.info.name)
        self.take()

    def take(self) -> None:
        """The lock is mine."""
        self.owner = self.runtime.thread
        self.runtime.held.add(self.info.name)

    def sleeps(self) -> None:
        """Taking a sleeping lock needs a context that can sleep."""
        if self.info.kind != "spinlock":
            self.runtime.may_sleep()

    def lock_write(self, has_readers: bool) -> Generator[None, None, None]:
        """Take the lock for writing; where readers exist a waiting writer queues first."""
        self.runtime.touch()
        self.sleeps()
        if has_readers and (self.owner != FREE_LOCK or self.readers):
            self.queued += 1
            yield
            self.runtime.touch()
            if self.owner != FREE_LOCK or self.readers:
                raise Blocked(self.info.name)
            self.queued -= 1
        elif self.owner != FREE_LOCK or self.readers:
            raise Blocked(self.info.name)
        self.take()

    def unlock(self) -> None:
        """Release the lock.  Raises Fault for a thread that does not hold it."""
        self.runtime.touch()
        if self.owner != self.runtime.thread or self.info.name not in self.runtime.held:
            raise Fault(LOCKING, f"{self.info.name} is not held")
        self.owner = FREE_LOCK
        self.runtime.held.discard(self.info.name)

    def lock_read(self) -> None:
        """Take the lock for reading.  Raises Blocked, Fault."""
        self.runtime.touch()
        self.sleeps()
        if self.owner != FREE_LOCK or self.queued:
            raise Blocked(self.info.name)
        self.readers += 1
        self.runtime.held.add(f"{self.info.name}(read)")

    def unlock_read(self) -> None:
        """Release the lock held for reading.  Raises Fault."""
        self.runtime.touch()
        if f"{self.info.name}(read)" not in self.runtime.held:
            raise Fault(LOCKING, f"{self.info.name} is not held for reading")
        self.readers -= 1
        self.runtime.held.discard(f"{self.info.name}(read)")


def concrete_value(sort: DataSort, value: Value, spec: Any) -> Any:
    """A core value as the model's functions see it; ``spec`` is the declared type."""
    if isinstance(sort, EnumSort):
        return spec[value]
    if isinstance(sort, RefSort):
        return None if value is None else spec(value)
    return value
