"""The encodings of one step that are compared: choice of the action, frame, numbers, pruning."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import z3

from pagestate.core.expr import Cell, Expr, Lit, Op, walk
from pagestate.core.ground import GroundCell, GroundSystem
from pagestate.core.sorts import BoolSort, IntSort, encode
from pagestate.smt.ground import Frame, Number, Terms, width_of
from pagestate.smt.orbits import swaps


@dataclass(frozen=True, slots=True)
class Encoding:
    """What is varied; the defaults are the product's choices."""

    note: str
    logic: str = "QF_FD"
    numbers: str = "bits"
    choice: str = "number"
    frame: str = "explained"
    copy: str = "substitute"
    proved: bool = True
    symmetry: bool = False
    order: bool = False


class IntFrame(Frame):
    """The constants of one state with an Int for everything that is not a Boolean."""

    def _constant(self, cell: GroundCell, name: str) -> z3.ExprRef:
        if isinstance(cell.sort, BoolSort):
            return z3.Bool(name, self.ctx)
        return z3.Int(name, self.ctx)

    def within(self, ground: GroundSystem) -> list[z3.BoolRef]:
        pairs = zip(ground.cells, self.cells, strict=True)
        return [z3.And(t >= 0, t < c.size) for c, t in pairs if not isinstance(t, z3.BoolRef)]


class IntTerms:
    """Ground terms over Int cells (values of ``int[lo..hi]`` must start at 0 here)."""

    def __init__(self, ground: GroundSystem, now: Frame, after: Frame) -> None:
        self.ctx, self.now, self.after = now.ctx, now, after

    def truth(self, expr: Expr) -> z3.BoolRef:
        return self.term(expr)

    def equals(self, number: int, expr: Expr, frame: Frame) -> z3.BoolRef:
        return frame.cells[number] == self.term(expr)

    def term(self, expr: Expr) -> z3.ExprRef:
        match expr:
            case Lit(value=bool(value)):
                return z3.BoolVal(value, self.ctx)
            case Lit(value=value, sort=sort):
                code = value if isinstance(sort, IntSort) else encode(sort, value)
                return z3.IntVal(code, self.ctx)
            case Cell(number=number, primed=primed):
                return (self.after if primed else self.now).cells[number]
            case Op(op=op, args=args):
                return _APPLY[op](*(self.term(a) for a in args))
        raise TypeError(repr(expr))


_APPLY: dict[str, Callable[..., z3.ExprRef]] = {
    "not": z3.Not,
    "and": z3.And,
    "or": z3.Or,
    "ite": z3.If,
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "add": lambda *a: sum(a[1:], a[0]),
    "sub": lambda a, b: a - b,
}


class Step:
    """One step as a formula over constants for before, after, and the choice."""

    def __init__(self, ground: GroundSystem, made: Encoding, ctx: z3.Context, tag: str) -> None:
        self.ground, self.made, self.ctx = ground, made, ctx
        frame, terms = (IntFrame, IntTerms) if made.numbers == "int" else (Frame, Terms)
        self.now, self.after = frame(ground, ctx, f"{tag}n"), frame(ground, ctx, f"{tag}a")
        self.terms = terms(ground, self.now, self.after)
        self.fire = [z3.Bool(f"{tag}fire{g.number}", ctx) for g in ground.actions]
        self.extra: list[z3.ExprRef] = []
        self.tag = tag
        guards = [
            z3.Implies(f, self.terms.truth(g.guard))
            for g, f in zip(ground.actions, self.fire, strict=True)
        ]
        choice, frames = _CHOICE[made.choice](self), _FRAME[made.frame](self)
        self.formula = z3.And([*choice, *guards, *frames])

    def constants(self) -> list[z3.ExprRef]:
        return [*self.now.cells, *self.after.cells, *self.fire, *self.extra]


def _pseudo_boolean(step: Step) -> list[z3.BoolRef]:
    return [z3.PbEq([(f, 1) for f in step.fire], 1)]


def _pairwise(step: Step) -> list[z3.BoolRef]:
    pairs = [z3.Or(z3.Not(a), z3.Not(b)) for a, b in combinations(step.fire, 2)]
    return [z3.Or(step.fire), *pairs]


def _cardinality(step: Step) -> list[z3.BoolRef]:
    return [z3.Or(step.fire), z3.AtMost(*step.fire, 1)]


def _selector(step: Step) -> list[z3.BoolRef]:
    count = len(step.fire)
    pick = z3.BitVec(f"{step.tag}pick", width_of(count), step.ctx)
    step.extra.append(pick)
    return [z3.ULE(pick, count - 1), *(f == (pick == n) for n, f in enumerate(step.fire))]


def _number(step: Step) -> list[z3.BoolRef]:
    width = width_of(len(step.fire))
    bits = [z3.Bool(f"{step.tag}bit{i}", step.ctx) for i in range(width)]
    step.extra.extend(bits)
    told = [
        z3.Implies(fire, bit if n >> i & 1 else z3.Not(bit))
        for n, fire in enumerate(step.fire)
        for i, bit in enumerate(bits)
    ]
    return [z3.Or(step.fire), *told]


def _parameters(step: Step) -> list[z3.BoolRef]:
    """One choice of the action's name, and one of each parameter, instead of their product."""
    names = defaultdict[str, list[int]](list)
    values = defaultdict[str, dict[object, z3.BoolRef]](dict)
    for g in step.ground.actions:
        names[g.action.name].append(g.number)
        for name, value in g.binding.items():
            values[name].setdefault(value, z3.Bool(f"{step.tag}{name}={value}", step.ctx))
    by_name = {n: z3.Bool(f"{step.tag}do_{n}", step.ctx) for n in names}
    found = [z3.PbEq([(b, 1) for b in by_name.values()], 1)]
    for options in values.values():
        found.append(z3.PbEq([(b, 1) for b in options.values()], 1))
        step.extra.extend(options.values())
    step.extra.extend(by_name.values())
    for g, fire in zip(step.ground.actions, step.fire, strict=True):
        picks = [values[n][v] for n, v in g.binding.items()]
        found.append(fire == z3.And([by_name[g.action.name], *picks]))
    return found


_CHOICE: dict[str, Callable[[Step], list[z3.BoolRef]]] = {
    "pseudo-Boolean": _pseudo_boolean,
    "pairwise": _pairwise,
    "at-most": _cardinality,
    "selector": _selector,
    "number": _number,
    "parameters": _parameters,
}


def _effects(step: Step) -> list[z3.BoolRef]:
    return [
        z3.Implies(f, step.terms.equals(cell, value, step.after))
        for g, f in zip(step.ground.actions, step.fire, strict=True)
        for cell, value in g.updates
    ]


def _implied(step: Step) -> list[z3.BoolRef]:
    found = _effects(step)
    for g, fire in zip(step.ground.actions, step.fire, strict=True):
        written = {cell for cell, _ in g.updates}
        for cell, (a, b) in enumerate(zip(step.now.cells, step.after.cells, strict=True)):
            if cell not in written:
                found.append(z3.Implies(fire, a == b))
    return found


def _explained(step: Step) -> list[z3.BoolRef]:
    writers = defaultdict[int, list[z3.BoolRef]](list)
    for g, fire in zip(step.ground.actions, step.fire, strict=True):
        for cell, _ in g.updates:
            writers[cell].append(fire)
    pairs = enumerate(zip(step.now.cells, step.after.cells, strict=True))
    return [*_effects(step), *(z3.Or([*writers[c], a == b]) for c, (a, b) in pairs)]


def _chains(step: Step) -> list[z3.BoolRef]:
    """Next values as chains of If; a number is brought to the width of its cell."""
    found = list[z3.BoolRef]()
    for cell, (now, after) in enumerate(zip(step.now.cells, step.after.cells, strict=True)):
        chain = now
        for g, fire in zip(step.ground.actions, step.fire, strict=True):
            for written, value in g.updates:
                if written == cell:
                    chain = z3.If(fire, _value(step, value, now), chain)
        found.append(after == chain)
    return found


def _value(step: Step, value: Expr, like: z3.ExprRef) -> z3.ExprRef:
    term = step.terms.term(value)
    if not isinstance(term, Number):
        return term
    bits, width = term.bits, like.size()
    if bits.size() < width:
        bits = z3.ZeroExt(width - bits.size(), bits)
    return z3.Extract(width - 1, 0, bits) + z3.BitVecVal(term.base, width, step.ctx)


_FRAME: dict[str, Callable[[Step], list[z3.BoolRef]]] = {
    "implied": _implied,
    "explained": _explained,
    "implied and explained": lambda step: [*_implied(step), *_explained(step)],
    "chains": _chains,
}


def ordered(ground: GroundSystem) -> dict[tuple[int, ...], list[int]]:
    """Partial order: for each group of actions, what must not come next as it commutes."""
    reads, writes = list[set[int]](), list[set[int]]()
    for g in ground.actions:
        terms = [g.guard, g.overflow, *(value for _, value in g.updates)]
        reads.append({c.number for t in terms for c in walk(t) if isinstance(c, Cell)})
        writes.append({cell for cell, _ in g.updates})
    groups = defaultdict[tuple[int, ...], list[int]](list)
    for b in range(len(writes)):
        before = tuple(
            a for a in range(b) if not (writes[a] & (reads[b] | writes[b]) or writes[b] & reads[a])
        )
        if before:
            groups[before].append(b)
    return dict(groups)


class Renamings:
    """Lex-leader constraints along the unrolling, as in the product."""

    def __init__(self, ground: GroundSystem, ctx: z3.Context) -> None:
        self.ctx = ctx
        self.swaps = swaps(ground, ground.system.sorts)
        self.apart = [z3.BoolVal(False, ctx) for _ in self.swaps]

    def step(self, fire: Sequence[z3.BoolRef], time: int) -> list[z3.BoolRef]:
        found = list[z3.BoolRef]()
        for k, swap in enumerate(self.swaps):
            later = [f for n, f in enumerate(fire) if swap.actions[n] < n]
            moved = [f for n, f in enumerate(fire) if swap.actions[n] != n]
            found.append(z3.Or(self.apart[k], z3.Not(z3.Or(later))))
            after = z3.Bool(f"apart{k}@{time}", self.ctx)
            found.append(after == z3.Or([self.apart[k], *moved]))
            self.apart[k] = after
        return found
