"""Where a property breaks: for which page, and which part of it.

The formula is followed downwards along what makes it false (of a goal that is reached: true): into
the conjuncts that fail and to the members for which a quantified formula fails.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pagestate.core.evaluate import evaluate, values
from pagestate.core.expr import Expr, Op, Quant, walk
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.trace import State, Trace
from pagestate.view.background import Background
from pagestate.view.terms import reads, show_term

_MOST = 16
_OF_ONE_STATE = ("always", "reachable")


@dataclass(frozen=True, slots=True)
class Break:
    """A part of the property that decides it, for the ``members`` named (``page 0``).

    ``text`` is the part as it stands in the property, ``holds`` its truth in the last state and
    ``values`` what it reads there.
    """

    members: tuple[str, ...]
    text: str
    holds: bool
    values: tuple[tuple[str, str], ...]


def breaks(
    trace: Trace, background: Background, instead: tuple[State, State] | None = None
) -> tuple[Break, ...]:
    """The parts of the property that the end of ``trace`` decides; nothing if it is not known.

    With ``instead``, two states one after another, they are evaluated there and not at the end.
    """
    prop = background.decides
    if prop is None:
        return ()
    if prop.kind == "step" and len(trace.states) > 1:
        before, after = trace.states[-2], trace.states[-1]
    elif prop.kind in _OF_ONE_STATE:
        before = after = trace.states[-1]
    else:
        return ()
    seeker = _Seeker(background, before, after, instead or (before, after))
    found = list[Break]()
    for each in seeker.follow(prop.formula, prop.kind == "reachable", {}, ()):
        found.append(each)
        if len(found) == _MOST:
            break
    return tuple(found)


class _Seeker:
    """Follows a formula of known truth to the parts that make it so."""

    def __init__(
        self, background: Background, before: State, after: State, shown: tuple[State, State]
    ) -> None:
        self.shown = shown
        self.sizes: Sizes = background.sizes
        self.owners = background.owners
        self.before, self.after = before, after

    def follow(
        self, term: Expr, truth: bool, binding: Mapping[str, Value], members: tuple[str, ...]
    ) -> Iterator[Break]:
        """The parts of ``term`` that give it the value ``truth`` (it must have that value)."""
        if self._value(term, binding) != truth:
            return
        match term:
            case Op(op="not", args=(inner,)):
                yield from self.follow(inner, not truth, binding, members)
            case Op(op=("and" | "or") as op, args=args) if truth == (op == "or"):
                for arg in args:
                    yield from self.follow(arg, truth, binding, members)
            case Op(op="and" | "or", args=args) if any(isinstance(t, Quant) for t in walk(term)):
                for arg in args:
                    yield from self.follow(arg, truth, binding, members)
            case Quant(kind=("all" | "any") as kind, binder=binder, body=body) if truth == (
                kind == "any"
            ):
                for value in values(binder.sort, self.sizes):
                    named = members
                    if isinstance(binder.sort, IndexSort):
                        named = (*members, f"{binder.sort.name} {value}")
                    yield from self.follow(body, truth, {**binding, binder.name: value}, named)
            case _:
                yield Break(
                    members,
                    show_term(term, binding, self.owners),
                    bool(evaluate(term, self.shown[0], self.sizes, binding, self.shown[1])),
                    reads(term, binding, self.owners, self.shown[1], self.sizes),
                )

    def _value(self, term: Expr, binding: Mapping[str, Value]) -> bool:
        return bool(evaluate(term, self.before, self.sizes, binding, self.after))
