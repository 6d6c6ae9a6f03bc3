"""What every trace must satisfy before it is shown or stored."""

from pagestate.core.trace import Trace


class TraceError(Exception):
    """A trace that cannot be read, written or shown; the message is one line for the user."""


def check_trace(trace: Trace) -> None:
    """Raise TraceError unless the parts of ``trace`` fit together.

    One state more than steps, a lasso that returns to one of the states, distinct variables, and
    in every state the same cells, each of a known variable with as many indices as it has sorts.
    """
    if len(trace.states) != len(trace.steps) + 1:
        raise TraceError(
            f"{len(trace.states)} states and {len(trace.steps)} steps do not fit together:"
            " a trace has one state more than steps"
        )
    if trace.loop is not None and not 0 <= trace.loop < len(trace.states):
        raise TraceError(f"the lasso returns to state {trace.loop}, which does not exist")
    dims = {v.name: len(v.dims) for v in trace.variables}
    if len(dims) != len(trace.variables):
        raise TraceError("two variables have the same name")
    cells = trace.states[0].keys()
    for name, index in cells:
        if name not in dims:
            raise TraceError(f"state 0 has the variable {name}, which is not declared")
        if len(index) != dims[name] or any(i < 0 for i in index):
            raise TraceError(f"state 0: {name}{list(index)} does not fit the sorts of {name}")
    present = {name for name, _ in cells}
    for name, count in dims.items():
        if count == 0 and name not in present:
            raise TraceError(f"state 0 lacks the variable {name}")
    for n, state in enumerate(trace.states):
        if state.keys() != cells:
            name, index = min(state.keys() ^ cells)
            where = f"{name}{list(index)}" if index else name
            raise TraceError(f"state {n} and state 0 do not have the same cells: see {where}")
