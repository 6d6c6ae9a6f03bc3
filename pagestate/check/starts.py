"""Whether anything happens at all: an invariant holds in all of no states."""

from dataclasses import replace

from pagestate.core.expr import TRUE
from pagestate.core.property import Property
from pagestate.engines.interface import Task


def nothing_starts(task: Task) -> str:
    """Why there is no initial state at the sizes of ``task`` (empty: there is one).

    A proof of a model without one says nothing, whatever its certificate refutes.
    """
    if task.system.init == TRUE:
        return ""
    from pagestate.engines.bmc import Bmc  # and its solver, only now

    still = replace(task.system, actions=(), threads=())
    goal = Property("starts", "reachable", TRUE)
    engine = Bmc(Task(still, (goal,), task.sizes), lambda progress: None, laws=False)
    engine.advance(0)
    if engine.answers()[0].path is not None:
        return ""
    sizes = ", ".join(f"{name}={size}" for name, size in task.sizes.index.items())
    return f"there is no initial state ({sizes})"
