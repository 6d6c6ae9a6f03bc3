"""Lock operations as steps.  Which locks a thread holds is part of its control state."""

import ast

from pagestate.core.expr import (
    TRUE,
    Expr,
    Lit,
    Read,
    add,
    conj,
    eq,
    lit,
    lt,
    neg,
    sub,
)
from pagestate.core.sorts import (
    COUNT,
)
from pagestate.core.system import Write
from pagestate.lang.diagnostics import near
from pagestate.lang.layout import FREE_LOCK, LockInfo
from pagestate.lang.scope import Step, is_state
from pagestate.lang.statements import LOCK_OPERATIONS
from pagestate.lang.steps import Executor


def lock_paths(executor: Executor, operation: str, info: LockInfo, step: Step) -> list[Step]:
    """The paths of a lock operation: done, or a rule broken; none where it has to wait."""
    step.touched.append(info.name)
    verb = LOCK_OPERATIONS[operation][1]
    step.text = f"{operation}({info.name})"
    owner = Read(info.name, (), info.sort)
    me, nobody = Lit(executor.thread, info.sort), Lit(FREE_LOCK, info.sort)
    readers, queued = Read(info.readers, (), COUNT), Read(info.queued, (), COUNT)
    shared = info.name in executor.queued_locks
    spinning = [n for n in executor.held if executor.layout.locks.get(n, info).kind == "spinlock"]
    if verb in ("lock", "lock_read") and info.kind != "spinlock" and spinning:
        return [executor.broken(step, f"sleeping while holding {spinning[0]}")]
    if verb == "lock":
        step.takes = info.name
        free = conj(eq(owner, nobody), eq(readers, lit(0)) if shared else TRUE)
        step.writes.append(Write(info.name, (), me))
        return [step] if step.assume(free) else []
    if verb == "lock_read":
        step.takes = f"{info.name}(read)"
        step.writes.append(Write(info.readers, (), add(readers, lit(1))))
        free = conj(eq(owner, nobody), eq(queued, lit(0)))
        return [step] if step.assume(free) else []
    if verb == "unlock_read":
        if f"{info.name}(read)" not in executor.held:
            return [executor.broken(step, f"{info.name} is not held for reading")]
        step.assume(lt(lit(0), readers))
        step.writes.append(Write(info.readers, (), sub(readers, lit(1))))
        return [step]
    if info.name not in executor.held:
        return [executor.broken(step, f"{info.name} is released by a thread that does not hold it")]
    step.writes.append(Write(info.name, (), nobody))
    return [step]


def lock_of(executor: Executor, operation: str, node: ast.Call, step: Step) -> LockInfo:
    """The lock an operation works on.  Raises PS205, PS206."""
    argument = node.args[0] if len(node.args) == 1 else None
    if not isinstance(argument, ast.Attribute) or not is_state(
        executor.scope(step), argument.value
    ):
        raise executor.error("PS218", f"{operation}() takes a lock of the state", node)
    info = executor.layout.locks.get(argument.attr)
    if info is None:
        hint = near(argument.attr, list(executor.layout.locks))
        raise executor.error("PS205", f"the state has no lock {argument.attr!r}", argument, hint)
    if info.kind != LOCK_OPERATIONS[operation][0]:
        raise executor.error("PS206", f"{info.name} is a {info.kind}, not for {operation}()", node)
    return info


def held_after(operation: str, lock: str, held: frozenset[str]) -> frozenset[str]:
    """The locks held after a lock operation."""
    verb = LOCK_OPERATIONS[operation][1]
    name = f"{lock}(read)" if verb.endswith("_read") else lock
    return held | {name} if verb.startswith("lock") else held - {name}


def free_to_write(info: LockInfo) -> tuple[Expr, Expr]:
    """The conditions under which a writer gets a reader/writer lock."""
    nobody = eq(Read(info.name, (), info.sort), Lit(FREE_LOCK, info.sort))
    return nobody, eq(Read(info.readers, (), COUNT), lit(0))


def queue_path(info: LockInfo, step: Step) -> Step | None:
    """A writer that finds the lock taken queues for it, which keeps new readers out."""
    path = step.copy()
    path.touched.append(info.name)
    if not path.assume(neg(conj(*free_to_write(info)))):
        return None
    queued = Read(info.queued, (), COUNT)
    path.writes.append(Write(info.queued, (), add(queued, lit(1))))
    return path


def acquire_path(thread: str, info: LockInfo, step: Step) -> Step | None:
    """A queued writer gets the lock."""
    path = step.copy()
    path.touched.append(info.name)
    queued = Read(info.queued, (), COUNT)
    if not path.assume(conj(*free_to_write(info), neg(eq(queued, lit(0))))):
        return None
    path.writes.append(Write(info.queued, (), sub(queued, lit(1))))
    path.writes.append(Write(info.name, (), Lit(thread, info.sort)))
    path.takes = info.name
    return path
