"""From a path of an engine to a trace: the states in between, the texts filled in."""

import re
from collections.abc import Mapping

from pagestate.core.evaluate import (
    CountOverflow,
    OutOfRange,
    apply,
    enabled,
    evaluate,
    initial_state,
)
from pagestate.core.lasso import flaw
from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.system import Action, System
from pagestate.core.trace import State, Step, Trace, VarInfo
from pagestate.core.verdict import Path
from pagestate.core.waiting import deadlock


class NotAPath(Exception):
    """The steps are not an execution of the system, or it does not end as claimed."""


def states_of(system: System, sizes: Sizes, path: Path) -> list[State]:
    """The states along a path.  Raises NotAPath where a step cannot be taken."""
    state: State = initial_state(system, sizes, dict(path.initial))
    if not evaluate(system.init, state, sizes, {}):
        raise NotAPath("the initial state does not satisfy the initial condition")
    states = [state]
    for number, move in enumerate(path.moves, 1):
        picks = dict(move.picks)
        if move.action not in system.actions or not enabled(move.action, state, sizes, picks):
            raise NotAPath(f"step {number}, {move.action.name}, is not enabled")
        try:
            state = apply(system, move.action, state, sizes, picks)
        except (CountOverflow, OutOfRange) as error:
            raise NotAPath(f"step {number}: {error}") from error
        states.append(state)
    return states


def holds(prop: Property, states: list[State], sizes: Sizes) -> bool:
    """Whether the property's formula holds at the end of an execution."""
    if prop.kind == "step":
        if len(states) < 2:
            return True
        return bool(evaluate(prop.formula, states[-2], sizes, {}, states[-1]))
    return bool(evaluate(prop.formula, states[-1], sizes, {}))


def why_not(system: System, sizes: Sizes, prop: Property, states: list[State], path: Path) -> str:
    """Why the path does not decide ``prop`` (empty: it does).

    It has to end in a violation (of a ``reachable`` property: in the goal), or for a liveness
    property in a loop.
    """
    if prop.kind in LIVENESS:
        return flaw(system, sizes, prop, states, path)
    if prop.kind == "deadlock_free":
        found = bool(deadlock(system, sizes, states[-1]))
    else:
        found = holds(prop, states, sizes) == (prop.kind == "reachable")
    return "" if found else f"the last state does not decide {prop.name}"


def trace_of(
    system: System,
    sizes: Sizes,
    path: Path,
    prop: Property,
    verdict: str,
    engine: str,
    switches: Mapping[str, Value],
) -> Trace:
    """The trace of a path that decides ``prop``.

    Raises NotAPath if it is no execution, or does not decide it (``why_not``).
    """
    states = states_of(system, sizes, path)
    why = why_not(system, sizes, prop, states, path)
    if why:
        raise NotAPath(why)
    meta = dict[str, str]()
    if prop.kind == "deadlock_free":
        meta["violation"] = deadlock(system, sizes, states[-1])
    texts = Texts(system)
    steps = tuple(
        texts.step(move.action, dict(move.picks), before, after)
        for move, before, after in zip(path.moves, states, states[1:], strict=False)
    )
    return Trace(
        system.name,
        prop.name,
        verdict,
        prop.title,
        dict(switches),
        {s.name: sizes.of(s) for s in system.sorts if s.name in sizes.index},
        tuple(
            VarInfo(
                v.name, tuple(d.name for d in v.dims), str(v.sort), v.thread, v.control, v.ghost
            )
            for v in system.variables
        ),
        tuple(states),
        steps,
        engine,
        path.loop,
        meta,
    )


class Texts:
    """Fills in the texts of steps; remembers locals that a later line still mentions.

    ``known`` is what was remembered so far on the execution that the steps belong to.
    """

    def __init__(
        self, system: System, known: Mapping[tuple[str, int | None], Value] | None = None
    ) -> None:
        self.system = system
        self.known = dict(known or {})

    def step(self, action: Action, picks: Mapping[str, Value], before: State, after: State) -> Step:
        """The step of a trace that takes ``action`` from one state to another."""
        info, member = action.info, None
        if action.thread_param is not None:
            chosen = picks[action.thread_param.name]
            assert isinstance(chosen, int)
            member = chosen
        where = () if member is None else (member,)

        def shown(found: "re.Match[str]") -> str:
            name = found[1]
            if not name.startswith("="):
                return _show(picks[name]) if name in picks else found[0]
            var = name[1:]
            for state in (before, after):
                value = state.get((var, where))
                if value is not None:
                    self.known[var, member] = value
                    return _show(value)
            return _show(self.known.get((var, member), "?"))

        def fill(text: str) -> str:
            return re.sub(r"\{([^{}]+)\}", shown, text)

        for param in action.params:  # a chosen member may be what a dying local named
            if isinstance(param.sort, IndexSort) and param != action.thread_param:
                self.known[f"{action.thread}.{param.name}", member] = picks[param.name]
        return Step(
            action.thread,
            member,
            action.name,
            fill(info.text),
            tuple(fill(call) for call in info.calls),
            info.label,
            info.target,
            dict(picks),
            info.span,
            info.src,
            info.note,
        )


def _show(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else str(value)
