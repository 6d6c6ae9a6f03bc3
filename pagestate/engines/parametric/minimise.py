"""Leave out what a proof does not need: the cone of the properties through unsat cores.

The loop remembers, for every fact and step, which assumed facts kept it.  First everything that the
required facts do not rest on goes; then every remaining fact is asked for again on its own, which
gives smaller reasons, and what is then not needed goes too.
"""

from pagestate.engines.parametric.prove import Proof


def minimise(proof: Proof, rounds: int = 2) -> None:
    """Shrink ``proof.facts``, which must be inductive.  Raises smt.stepcheck.Undecided."""
    proof.keep_only(proof.cone())
    for _ in range(rounds):
        assert proof.recheck(), "a cone of inductive facts is inductive"
        needed = proof.cone()
        if len(needed) == len(proof.facts):
            return
        proof.keep_only(needed)
    assert proof.recheck(), "a cone of inductive facts is inductive"
