"""Leave out what a proof does not need: the cone of the properties through unsat cores.

Starting from the properties and ranges, every step is asked whether the facts needed so far keep
one another; where they do not, the reason found among all facts is needed, too.  The solver is the
one of the proof loop, which has learned what excludes what.  A second pass, or asking for the
smallest reasons, costs as much as the loop and leaves out few facts more.
"""

from pagestate.core.expr import Expr
from pagestate.engines.parametric.prove import REQUIRED, Fact, Proof
from pagestate.smt.stepcheck import Break, StepSolver, Undecided


def minimise(proof: Proof) -> None:
    """Shrink ``proof.facts``, which must be inductive.  Raises smt.stepcheck.Undecided."""
    kept = _cone(proof, proof.solver)
    proof.facts = [f for f in proof.facts if f.number in kept]


def _cone(proof: Proof, solver: StepSolver) -> set[int]:
    needed = {f.number for f in proof.facts if f.kind in REQUIRED}
    asked = [set[int]() for _ in proof.steps]
    grown = True
    while grown:
        grown = False
        for k, step in enumerate(proof.steps):
            fresh = [
                f
                for f in proof.facts
                if f.number in needed and f.number not in asked[k] and f.reads & step.changed
            ]
            if not fresh:
                continue
            asked[k] |= {f.number for f in fresh}
            few = [f for f in proof.facts if f.number in needed]
            if isinstance(solver.breaks(step, _pairs(fresh), _pairs(few)), Break):
                reason = solver.breaks(step, _pairs(fresh), _pairs(proof.facts))
                if isinstance(reason, Break):
                    raise Undecided(f"{step.name} breaks a fact")
                needed |= reason
                grown = True
    return needed


def _pairs(facts: list[Fact]) -> list[tuple[int, Expr]]:
    return [(f.number, f.formula) for f in facts]
