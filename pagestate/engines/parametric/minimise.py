"""Leave out what a proof does not need: the cone of the properties through unsat cores.

Starting from the properties and ranges, every step is asked which assumed facts keep the facts
needed so far; these are needed too.  Repeated in another order until nothing goes away.
"""

from pagestate.engines.parametric.prove import REQUIRED, Fact, Proof
from pagestate.smt.stepcheck import StepQuery


def minimise(proof: Proof, rounds: int = 2) -> None:
    """Shrink ``proof.facts``, which must be inductive.  Raises smt.stepcheck.Undecided."""
    for _ in range(rounds):
        kept = _cone(proof)
        fewer = [f for f in proof.facts if f.number in kept]
        if len(fewer) == len(proof.facts):
            return
        proof.facts = fewer


def _cone(proof: Proof) -> set[int]:
    needed = {f.number for f in proof.facts if f.kind in REQUIRED}
    queries = dict[int, StepQuery]()
    facts = [(f.number, f.formula) for f in proof.facts]
    asked = dict[int, set[int]]()
    grown = True
    while grown:
        grown = False
        for k, step in enumerate(proof.steps):
            wanted = [f for f in proof.facts if _concerns(f, step.changed) and f.number in needed]
            fresh = [f for f in wanted if f.number not in asked.get(k, set())]
            if not fresh:
                continue
            if k not in queries:
                queries[k] = StepQuery(proof.terms, step, tracked=True)
                queries[k].assume(facts)
            more = queries[k].needed([(f.number, f.formula) for f in fresh], needed)
            asked.setdefault(k, set()).update(f.number for f in fresh)
            if not more <= needed:
                needed |= more
                grown = True
    return needed


def _concerns(fact: Fact, changed: frozenset[str]) -> bool:
    return bool(fact.reads & changed)
