"""Whether the invariant of a model also proves the variants without one of its tests.

    python -m benchmarks.needs                        # the example of reference counting
    python -m benchmarks.needs rfc_v3 getters offline_never_free

For each test the obligations are built again for the variant that ignores it and refuted, as
`pagestate certify` does; the last line compares that with the cost of the proof itself.  Seconds of
processor time.  What was found decided that `pagestate needs` proves every variant anew.
"""

import sys
import time
from dataclasses import replace

from pagestate.check.certificate import certify
from pagestate.check.obligations import NoText
from pagestate.check.request import COUNT_BOUND, any_sizes, make_request
from pagestate.core.invariant import Invariant
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import load_model
from pagestate.needs.base import ASKED
from pagestate.needs.candidate import candidates, variant


def main(name: str, scenario: str = "", *properties: str) -> None:
    """Prove, then try the invariant on every variant."""
    model = load_model(name)
    sizes = any_sizes(model, {}, (scenario,))
    request = make_request(model, {}, sizes, properties, scenario)
    asked = tuple(
        p
        for p in request.compiled.properties
        if p.kind in ASKED and (p.builtin or p in request.properties)
    )
    task = Task(request.compiled.system, asked, request.bounds(COUNT_BOUND), request.unbounded)
    began = time.process_time()
    engine = Parametric(task, lambda progress: None)
    engine.advance(1)
    proof = time.process_time() - began
    found = [a.certificate for a in engine.answers()]
    invariant = next((i for i in found if isinstance(i, Invariant)), None)
    if invariant is None:
        print("nothing is proved")
        return
    kept, tried, spent = 0, 0, 0.0
    for candidate in candidates(request, ("test",)):
        began = time.process_time()
        try:
            made = variant(request, candidate)
            again = replace(task, system=made.compiled.system)
            wrong = certify(again, replace(invariant, uses=()))
        except (ModelError, NoText, LookupError, ValueError) as error:
            wrong = (str(error),)
        tried, kept = tried + 1, kept + (not wrong)
        spent += time.process_time() - began
    print(f"inductive without one test: {kept} of {tried}")
    print(f"a try costs {spent / max(tried, 1):.2f} s, the proof {proof:.2f} s without its check")


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["examples/refcount.py"]))
