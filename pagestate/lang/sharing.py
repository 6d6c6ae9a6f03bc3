"""Locals that are never needed at the same time share one variable, as in register allocation.

Inlined functions bring page locals and loops of their own.  A thread that works on one page at a
time then has one reference, and one visited set where its loops are not nested: that is what
symmetry reduction and the proofs for every size like best.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pagestate.core.expr import Expr, Read, transform
from pagestate.core.sorts import DataSort, IndexSort, RefSort
from pagestate.core.system import Write
from pagestate.lang.control import Control, Scan, Transition, seen_name
from pagestate.lang.scope import Step


@dataclass(frozen=True, slots=True)
class Locals:
    """The transitions of a thread, the locals needed at each control state, and their sorts.

    ``scans`` are the visited sets of its loops.
    """

    transitions: Sequence[Transition]
    live: Mapping[Control, set[str]]
    sorts: Mapping[str, DataSort]
    scans: Mapping[str, IndexSort]


def share(found: Locals, thread: str) -> Locals:
    """The same transitions with references and visited sets renamed to the fewest that do."""
    names = _references(found) | _visited_sets(found, thread)
    if all(name == other for name, other in names.items()):
        return found
    variables = {f"{thread}.{name}": f"{thread}.{other}" for name, other in names.items()}

    def renamed(e: Expr) -> Expr:
        def visit(part: Expr) -> Expr | None:
            if isinstance(part, Read) and part.var in variables:
                return replace(part, var=variables[part.var])
            return None

        return transform(e, visit)

    def text(line: str) -> str:
        return re.sub(r"\{=([^{}]+)\}", lambda m: f"{{={variables.get(m[1], m[1])}}}", line)

    def step(transition: Transition) -> Step:
        old = transition.step
        needed = found.live.get(transition.target, set()) if transition.target else set[str]()
        return replace(
            old,
            env={
                names.get(name, name): renamed(value)
                for name, value in old.env.items()
                if name in needed or name not in names
            },
            cond=[renamed(c) for c in old.cond],
            writes=[
                Write(
                    variables.get(w.var, w.var),
                    tuple(renamed(i) for i in w.index),
                    renamed(w.value),
                    w.binders,
                    renamed(w.where),
                )
                for w in old.writes
            ],
            text=text(old.text),
            calls=tuple(text(call) for call in old.calls),
        )

    return Locals(
        [replace(t, step=step(t)) for t in found.transitions],
        {c: {names.get(n, n) for n in needed} for c, needed in found.live.items()},
        {n: s for n, s in found.sorts.items() if names.get(n, n) == n},
        {n: s for n, s in found.scans.items() if names.get(n, n) == n},
    )


def _references(found: Locals) -> dict[str, str]:
    """For every reference the variable it shares: those that live at one label are apart."""
    apart = dict[str, set[str]]()
    for needed in found.live.values():
        for name in needed:
            apart.setdefault(name, set()).update(needed)
    references = {n: found.sorts[n] for n in apart if isinstance(found.sorts[n], RefSort)}
    return _greedy(references, apart)


def _visited_sets(found: Locals, thread: str) -> dict[str, str]:
    """For every visited set the one it shares: those of loops that one step is in are apart."""
    apart: dict[str, set[str]] = {name: set() for name in found.scans}
    for transition in found.transitions:
        used = {w.var.removeprefix(f"{thread}.") for w in transition.step.writes}
        for control in (transition.source, transition.target):
            frames = control.frames if control else ()
            used |= {seen_name(f.node, f.scope) for f in frames if isinstance(f, Scan)}
        for name in used & set(found.scans):
            apart[name] |= used
    return _greedy(found.scans, apart)


def _greedy(
    sorts: Mapping[str, DataSort | IndexSort], apart: Mapping[str, set[str]]
) -> dict[str, str]:
    """Names put together where sorts agree and nothing keeps them apart; outer functions first."""
    groups = dict[str, list[str]]()
    for name in sorted(sorts, key=lambda n: (n.count("/"), "." in n, n)):
        for first, others in groups.items():
            if sorts[first] == sorts[name] and not apart[name] & {first, *others}:
                others.append(name)
                break
        else:
            groups[name] = []
    return {name: first for first, others in groups.items() for name in (first, *others)}
