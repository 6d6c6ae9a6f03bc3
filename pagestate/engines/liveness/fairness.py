"""What fairness asks of cycles, and the cycles that satisfy it.

A member of a thread is *ready* in a state where it is at work (not ended; a repeating thread that
is not eager: not at its start) and can take a step.  A cycle is fair if every member either takes
a step in it, or is not always ready (weak fairness); with strong fairness, or where its step takes
a lock, it must not be ready anywhere in it.

Weak fairness is a generalised Buchi condition: a component in which a member is ready everywhere
and takes no step has no fair cycle.  Strong fairness is a Streett condition: the states where such
a member is ready are taken out and the rest is decomposed again (Emerson and Lei, Modalities for
model checking, 1987).  A state without its stutter step would be no cycle: here nothing moving at
all is a cycle too, fair if nobody is ready.
"""

from dataclasses import dataclass

import numpy as np

from pagestate.core.system import Thread
from pagestate.core.waiting import FAULT, NO_FAULT, is_quiet, members
from pagestate.engines.explicit.pack import Array
from pagestate.engines.liveness.components import components
from pagestate.engines.liveness.graph import Graph


@dataclass(frozen=True, slots=True)
class Demands:
    """Fairness on a graph, by the number of each member of a thread.

    ``mover`` gives for each step the member that takes it (-1: nobody in particular).  ``always``
    and ``ever`` have a row of states per member: where it is ready, and must not be for ever, or
    again and again, unless it takes a step.
    """

    who: tuple[tuple[str, int | None], ...]
    mover: Array
    always: Array
    ever: Array


def demands(graph: Graph) -> Demands:
    """The fairness that the threads of the system ask for."""
    system, sizes = graph.system.system, graph.system.sizes
    who = [(t, m) for t in system.threads for m in members(t, sizes)]
    number = {(t.name, m): n for n, (t, m) in enumerate(who)}
    movers, takes = list[int](), list[bool]()
    for made in graph.system.actions:
        param = made.action.thread_param
        member = None if param is None else made.binding[param.name]
        assert member is None or isinstance(member, int)
        movers.append(number.get((made.action.thread, member), -1))
        takes.append(bool(made.action.takes))
    mover = np.array(movers, dtype=np.int64)[graph.action]
    taking = np.array(takes, dtype=np.bool_)[graph.action]
    always = np.zeros((len(who), graph.states), dtype=np.bool_)
    ever = np.zeros((len(who), graph.states), dtype=np.bool_)
    for n, (thread, member) in enumerate(who):
        if thread.fair == "none":
            continue
        working = _at_work(graph, thread, member)
        mine = mover == n
        always[n, graph.source[mine]] = True
        always[n] &= working
        strong = mine if thread.fair == "strong" else mine & taking
        ever[n, graph.source[strong]] = True
        ever[n] &= working
    return Demands(tuple((t.name, m) for t, m in who), mover, always, ever)


def _at_work(graph: Graph, thread: Thread, member: int | None) -> Array:
    """Where the member has to go on if it can."""
    rests = is_quiet(thread)
    if thread.eager:
        rests = tuple(label for label in rests if label != thread.start)
    codes = graph.codes(thread.control, () if member is None else (member,))
    if codes is None:
        return np.full(graph.states, thread.start not in rests)
    sort = graph.system.system.variable(thread.control).sort
    labels = getattr(sort, "members", ())
    found: Array = ~np.isin(codes, [labels.index(label) for label in rests])
    return found


def sound(graph: Graph) -> Array:
    """The states in which no built-in rule is broken: executions end in the others."""
    codes = graph.codes(FAULT, ())
    if codes is None:
        return np.ones(graph.states, dtype=np.bool_)
    labels = getattr(graph.system.system.variable(FAULT).sort, "members", ())
    found: Array = codes == labels.index(NO_FAULT)
    return found


def fair_components(graph: Graph, asked: Demands, among: Array) -> Array | None:
    """Components in ``among`` that a fair cycle goes through all of, as numbers by state.

    States outside of them have -1; None if no fair cycle stays in ``among``.
    """
    among, found = among.copy(), np.full(graph.states, -1, dtype=np.int64)
    while among.any():
        inner = among[graph.source] & among[graph.target]
        source, target, mover = graph.source[inner], graph.target[inner], asked.mover[inner]
        number = components(graph.states, source, target, among)
        states = np.flatnonzero(among)
        where = number[states]
        count = int(where.max()) + 1
        steps = number[source] == number[target]
        bad, again = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        removed = np.zeros(graph.states, np.bool_)
        size = np.bincount(where, minlength=count)
        for n in range(len(asked.who)):
            moves = np.zeros(count, np.bool_)
            moves[number[source[steps & (mover == n)]]] = True
            ready = np.bincount(where[asked.always[n, states]], minlength=count)
            bad |= (ready == size) & ~moves
            hit = asked.ever[n, states] & ~moves[where]
            again[where[hit]] = True
            removed[states[hit]] = True
        fair = ~bad & ~again
        chosen = states[fair[where]]
        found[chosen] = number[chosen] + found.max(initial=-1) + 1
        among[states[~again[where] | bad[where]]] = False
        among &= ~removed
    return found if (found >= 0).any() else None
