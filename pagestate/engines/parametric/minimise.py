"""Leave out what a proof does not need: the cone of the properties through unsat cores.

The proof loop remembers, for each step and fact, which facts exclude that the step breaks it.
Starting from the properties and ranges, what is needed to keep a needed fact is needed, too.  That
asks the solver nothing; smallest cores would leave out few facts more and cost as much as the loop.
"""

from pagestate.core.invariant import REFERENCES
from pagestate.engines.parametric.prove import REQUIRED, Proof


def minimise(proof: Proof) -> None:
    """Shrink ``proof.facts``, which must be inductive."""
    todo = [f.number for f in proof.facts if f.kind in REQUIRED]
    needed = set(todo)
    while todo:
        number = todo.pop()
        for kept in proof.kept:
            fresh = kept.get(number, frozenset()) - needed
            needed |= fresh
            todo += fresh
    proof.facts = [f for f in proof.facts if f.number in needed]


def uses(proof: Proof) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Per step, the properties, laws and clauses (numbered in this order) that keep all of them.

    Where references are set is a matter of labels: that none is needed for it is a guess.
    """
    kinds = ("property", "law", "clause")
    order = [f.number for kind in kinds for f in proof.facts if f.kind == kind]
    place = {number: k for k, number in enumerate(order)}
    left = {f.number for f in proof.facts}
    found: list[tuple[str, tuple[int, ...]]] = [(REFERENCES, ())]
    for step, kept in zip(proof.steps, proof.kept, strict=True):
        used = {n for number, core in kept.items() if number in left for n in core}
        found.append((step.name, tuple(sorted(place[n] for n in used if n in place))))
    return tuple(found)
