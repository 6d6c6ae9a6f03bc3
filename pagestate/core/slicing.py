"""Slicing: a search needs no variable that nothing it looks at depends on.

The variables that matter are those that the properties read, those that guards and the initial
condition read, and those that writes to such variables read (the cone of influence: Clarke,
Grumberg, Peled, Model Checking, 1999).  The steps stay, without their writes to the others, so the
executions are the same ones, step by step: what holds, how long the shortest violation is, and
which steps are taken.  Where it matters whether a step changes the state at all (deadlocks, loops
of a liveness property) nothing may be left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from pagestate.core.expr import Expr, Read, walk
from pagestate.core.property import SAFETY, Property
from pagestate.core.sorts import Sizes, default_value
from pagestate.core.system import System
from pagestate.core.verdict import Move, Path


def sliced(system: System, properties: Sequence[Property]) -> System:
    """``system`` with the variables that matter to ``properties`` only.

    With a property of another kind than ``SAFETY`` it is the system as it is.
    """
    if any(p.kind not in SAFETY for p in properties):
        return system
    mine = [v.name for v in system.variables if v.thread is not None]
    asked = (t for p in properties for t in p.terms)
    kept = {*mine, *_read([system.init, *asked, *(a.guard for a in system.actions)])}
    writes = [w for a in system.actions for w in a.writes]
    size = 0
    while len(kept) != size:
        size = len(kept)
        kept |= _read(t for w in writes if w.var in kept for t in (*w.index, w.value, w.where))
    return replace(
        system,
        variables=tuple(v for v in system.variables if v.name in kept),
        actions=tuple(
            replace(a, writes=tuple(w for w in a.writes if w.var in kept)) for a in system.actions
        ),
    )


def _read(terms: Iterable[Expr]) -> set[str]:
    return {t.var for term in terms for t in walk(term) if isinstance(t, Read)}


def unsliced(path: Path, system: System, sizes: Sizes) -> Path:
    """A path of a slice of ``system`` as one of ``system``; free cells left out get a default."""
    actions = {a.name: a for a in system.actions}
    known = {cell for cell, _ in path.initial}
    more = [
        ((var.name, index), default_value(var.sort))
        for var in system.variables
        if var.free
        for index in product(*(range(sizes.of(s)) for s in var.dims))
        if (var.name, index) not in known
    ]
    moves = tuple(Move(actions[m.action.name], m.picks) for m in path.moves)
    return replace(path, initial=(*path.initial, *more), moves=moves)
