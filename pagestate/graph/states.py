"""The graph of all reachable states."""

from collections.abc import Iterator

from pagestate.core.system import System
from pagestate.graph.picture import Node, Picture, edges_of
from pagestate.graph.reach import Reached


def state_graph(system: System, reached: Reached) -> Picture:
    """A node for each reachable state; what differs from the first initial state is said of it."""
    nodes = tuple(
        Node(f"s{n}", 1, n < reached.initial, tuple(_details(system, reached, n)))
        for n in range(len(reached.states))
    )
    edges = edges_of((m.source, m.target, m.action) for m in reached.moves)
    return Picture("the reachable states", nodes, edges)


def _details(system: System, reached: Reached, number: int) -> Iterator[str]:
    control = {t.control: t.name for t in system.threads}
    first, state = reached.states[0], reached.states[number]
    for (name, index), before, value in zip(reached.cells, first, state, strict=True):
        if number and value == before and type(value) is type(before):
            continue
        where = f"[{', '.join(map(str, index))}]" if index else ""
        if name in control:
            yield f"{control[name]}{where} at {value}"
        else:
            yield f"{name}{where} = {_word(value)}"


def _word(value: bool | str | int | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
