"""The statements of the language: choices, waiting, assertions, locks.

Models are compiled from their syntax tree; called as Python functions these raise TypeError.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from pagestate.lang.state import Lock

T = TypeVar("T")


def only_in_models(name: str) -> Any:
    """Raises TypeError: the function ``name`` is not for calling."""
    raise TypeError(f"{name} means something only in a model, which is compiled, not called")


def choose(options: Iterable[T]) -> T:
    """Any one of ``options``: members of an index sort (filtered), an Enum class, a range."""
    return cast(T, only_in_models("choose"))


def either() -> bool:
    """True or false, nobody knows which."""
    return cast(bool, only_in_models("either"))


def wait_until(condition: bool) -> None:
    """Block until the condition holds."""
    only_in_models("wait_until")


def bug_on(condition: bool) -> None:
    """The kernel crashes here if the condition holds: violates ``no_crash``."""
    only_in_models("bug_on")


def warn_on(condition: bool) -> None:
    """The kernel prints a warning here if the condition holds; the trace shows it."""
    only_in_models("warn_on")


def expect_dead(reason: str) -> None:
    """No execution is expected to get here, nor to what only this branch leads to.

    Such steps are not reported as dead; that one is taken is no mistake either, since a function
    that several models share may be dead in some of them only.
    """
    only_in_models("expect_dead")


def count(hits: Iterable[bool]) -> int:
    """For how many the condition holds: ``count(m.isolated[p] for p in m.pages)``."""
    return sum(1 for hit in hits if hit)


def idle(thread: Callable[..., None]) -> bool:
    """In properties: every such thread is at its start or has ended."""
    return cast(bool, only_in_models("idle"))


def mutex_lock(lock: Lock) -> None:
    """Take a mutex; sleeps until it is free."""
    only_in_models("mutex_lock")


def mutex_unlock(lock: Lock) -> None:
    """Release a mutex; the caller must hold it."""
    only_in_models("mutex_unlock")


def spin_lock(lock: Lock) -> None:
    """Take a spinlock."""
    only_in_models("spin_lock")


def spin_unlock(lock: Lock) -> None:
    """Release a spinlock; the caller must hold it."""
    only_in_models("spin_unlock")


def down_read(lock: Lock) -> None:
    """Take a reader/writer lock for reading; waits for writers, also queued ones."""
    only_in_models("down_read")


def up_read(lock: Lock) -> None:
    """Release a reader/writer lock held for reading."""
    only_in_models("up_read")


def down_write(lock: Lock) -> None:
    """Take a reader/writer lock for writing; while waiting it keeps new readers out."""
    only_in_models("down_write")


def up_write(lock: Lock) -> None:
    """Release a reader/writer lock held for writing."""
    only_in_models("up_write")


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
