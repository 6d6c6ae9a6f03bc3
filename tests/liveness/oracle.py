"""Fair cycles by another algorithm, over the reference semantics; and random systems for both.

A fair cycle is looked for by guessing who moves in it: for every set of movers, the other members'
steps are taken out, and so are the states where strong fairness would make one of the others move;
what is strongly connected in the rest must let every mover move and, for each of the others, have
a state in which it need not.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import networkx as nx

from pagestate.core.evaluate import (
    CountOverflow,
    apply,
    bindings,
    enabled,
    evaluate,
    initial_states,
)
from pagestate.core.expr import Expr, Lit, Param, Read, conj, disj, eq, lit, neg
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, EnumSort, IndexSort, Sizes
from pagestate.core.system import Action, StateVar, StepInfo, System, Thread, Write
from pagestate.core.trace import State

Who = tuple[str, int | None]


@dataclass
class Explored:
    """All states, and the steps that change something: from, to, by whom, taking a lock or not."""

    states: list[State]
    first: list[int]
    steps: list[tuple[int, int, Who, bool]]


def explored(system: System, sizes: Sizes) -> Explored | None:
    """Plain search; None where a counter runs into its bound."""
    number = dict[frozenset[object], int]()
    found = Explored([], [], [])

    def known(state: State) -> int:
        key = frozenset(state.items())
        if key not in number:
            number[key] = len(found.states)
            found.states.append(state)
        return number[key]

    found.first = sorted({known(s) for s in initial_states(system, sizes)})
    at = 0
    while at < len(found.states):
        state = found.states[at]
        for action in system.actions:
            for picks in bindings(action, sizes):
                if enabled(action, state, sizes, picks):
                    try:
                        after = apply(system, action, state, sizes, picks)
                    except CountOverflow:
                        return None
                    mover = action.thread_param
                    member = None if mover is None else picks[mover.name]
                    assert member is None or isinstance(member, int)
                    if after != state:
                        who = action.thread, member
                        found.steps.append((at, known(after), who, bool(action.takes)))
        at += 1
    return found


def members(system: System, sizes: Sizes) -> Iterator[tuple[Thread, Who]]:
    for thread in system.threads:
        for m in [None] if thread.index is None else range(sizes.of(thread.index)):
            yield thread, (thread.name, m)


def violated(system: System, prop: Property, sizes: Sizes, found: Explored) -> bool:
    """Whether some fair execution misses the goal."""
    missed = [not evaluate(prop.formula, s, sizes, {}) for s in found.states]
    alive = [s.get(("fault", ()), "none") == "none" for s in found.states]
    if prop.kind == "eventually":
        start = found.first
    else:
        assert prop.antecedent is not None
        start = [k for k, s in enumerate(found.states) if evaluate(prop.antecedent, s, sizes, {})]
    graph = nx.DiGraph()
    graph.add_nodes_from(k for k in range(len(missed)) if missed[k] and alive[k])
    inner = [s for s in found.steps if s[0] in graph and s[1] in graph]
    graph.add_edges_from((a, b) for a, b, _, _ in inner)
    bad = {k for s in start if s in graph for k in (s, *nx.descendants(graph, s))}
    threads = {who: t for t, who in members(system, sizes) if t.fair != "none"}
    ready = {who: set[int]() for who in threads}
    ever = {who: set[int]() for who in threads}
    for a, _, who, takes in found.steps:
        if who not in threads:
            continue
        thread, where = threads[who], () if who[1] is None else (who[1],)
        label = found.states[a].get((thread.control, where), thread.start)
        resting = label == thread.final or (
            label == thread.start and thread.repeat and not thread.eager
        )
        if not resting:
            ready[who].add(a)
            if takes or thread.fair == "strong":
                ever[who].add(a)
    names = list(threads)
    for count in range(len(names) + 1):
        for movers in combinations(names, count):
            others = [w for w in names if w not in movers]
            rest = bad - {k for w in others for k in ever[w]}
            part = nx.DiGraph()
            part.add_nodes_from(rest)
            kept = [s for s in inner if s[0] in rest and s[1] in rest and s[2] not in others]
            part.add_edges_from((a, b) for a, b, _, _ in kept)
            for component in nx.strongly_connected_components(part):
                moved = {w for a, b, w, _ in kept if a in component and b in component}
                if all(w in moved for w in movers) and not any(
                    component <= ready[w] for w in others
                ):
                    return True
    return False


FLAGS = ("x", "y", "z")


def random_system(seed: int) -> tuple[System, tuple[Property, ...], Sizes]:
    """Two or three threads over three flags and a small lock, with all kinds of fairness."""
    dice = random.Random(seed)
    cpu = IndexSort("cpu")
    flags = [Read(name, (), BOOL) for name in FLAGS]
    variables = [StateVar(name, (), BOOL, False, free=dice.random() < 0.15) for name in FLAGS]
    threads, actions = list[Thread](), list[Action]()
    for name in ("a", "b", "c")[: dice.randint(2, 3)]:
        many = dice.random() < 0.3
        labels = tuple(f"l{k}" for k in range(dice.randint(2, 4)))
        repeat = dice.random() < 0.6
        names = labels if repeat else (*labels, "end")
        sort = EnumSort(f"{name}.pc", names)
        me = Param(name, cpu) if many else None
        where: tuple[Expr, ...] = () if me is None else (me,)
        control = Read(f"{name}.pc", where, sort)
        variables.append(
            StateVar(f"{name}.pc", (cpu,) if many else (), sort, "l0", thread=name, control=True)
        )
        for label in labels:
            for n in range(dice.choice((1, 1, 1, 2))):
                guard: list[Expr] = [eq(control, Lit(label, sort))]
                for _ in range(dice.choice((0, 0, 1, 2))):
                    guard.append(literal(dice, flags))
                target = dice.choice(names) if dice.random() < 0.5 else _next(names, label)
                writes = list[Write]()
                for flag in dice.sample(flags, dice.choice((0, 1, 1))):
                    value = lit(dice.random() < 0.5) if dice.random() < 0.8 else neg(flag)
                    writes.append(Write(flag.var, (), value))
                if target != label:
                    writes.append(Write(f"{name}.pc", where, Lit(target, sort)))
                if not writes:
                    continue
                actions.append(
                    Action(
                        f"{name}@{label}/{n}",
                        conj(*guard),
                        tuple(writes),
                        () if me is None else (me,),
                        name,
                        me,
                        StepInfo(name, label=label, target=target),
                        takes="l" if dice.random() < 0.25 else "",
                    )
                )
        fair = dice.choice(("weak", "weak", "strong", "none"))
        threads.append(
            Thread(
                name,
                f"{name}.pc",
                "l0",
                names,
                cpu if many else None,
                repeat,
                None if repeat else "end",
                fair=fair,
                eager=repeat and dice.random() < 0.5,
            )
        )
    goal = (
        disj(literal(dice, flags), literal(dice, flags))
        if dice.random() < 0.3
        else literal(dice, flags)
    )
    pcs = [v for v in variables if v.control and not v.dims]
    if pcs and dice.random() < 0.6:
        pc = dice.choice(pcs)
        assert isinstance(pc.sort, EnumSort)
        goal = eq(Read(pc.name, (), pc.sort), Lit(dice.choice(pc.sort.members), pc.sort))
    properties = (
        Property("once", "eventually", goal),
        Property("then", "leads_to", goal, antecedent=literal(dice, flags)),
        Property("other", "leads_to", literal(dice, flags), antecedent=neg(goal)),
    )
    system = System("random", (cpu,), tuple(variables), tuple(actions), tuple(threads))
    return system, properties, Sizes({"cpu": 2}, 3)


def literal(dice: random.Random, flags: list[Read]) -> Expr:
    flag = dice.choice(flags)
    return flag if dice.random() < 0.5 else neg(flag)


def _next(names: tuple[str, ...], label: str) -> str:
    return names[(names.index(label) + 1) % len(names)]
