"""How long proofs for every size take, as ratios in one run.

    python -m benchmarks.anysize                       # two examples
    python -m benchmarks.anysize rfc_v3 hook=true revive=false
    python -m benchmarks.anysize --cvc5 MODEL SWITCH=VALUE ...

All properties of the model (of each of its scenarios) together.  The first line is the yardstick:
the CPU time of a Python process that imports Z3.  `proof` is the search of small instances, the
mining of laws and the proof loop; `certificate` is building all obligations, `re-check` refuting
them.  What start-up costs (loading and compiling the model) is not counted.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.explicit import start_up
from pagestate.check.certificate import recheck, refuted
from pagestate.check.instance import obligations_of
from pagestate.check.request import COUNT_BOUND, Request, any_sizes, make_request, scenarios_of
from pagestate.core.invariant import Invariant
from pagestate.engines.interface import Progress, Task
from pagestate.engines.parametric import Parametric
from pagestate.lang.load import load_model

EXAMPLES = Path(__file__).parent.parent / "examples"
ROWS = ((str(EXAMPLES / "german.py"), ()), (str(EXAMPLES / "deferred_free.py"), ()))


def requests(model: str, settings: Sequence[str]) -> Iterator[Request]:
    """The model, or each of its scenarios, for every size."""
    declared = load_model(model)
    switches = dict(text.split("=") for text in settings)
    for scenario in scenarios_of(declared, ()) or ("",):
        sizes = any_sizes(declared, switches, (scenario,))
        yield make_request(declared, switches, sizes, (), scenario)


def measure(request: Request, yardstick: float, cvc5: bool) -> None:
    """Print a line for one request."""
    system = request.compiled.system
    task = Task(system, request.properties, request.bounds(COUNT_BOUND), request.unbounded)
    notes = list[str]()

    def note(progress: Progress) -> None:
        notes.append(progress.note) if progress.note else None

    began = time.process_time()
    engine = Parametric(task, note)
    engine.advance(1)
    proof = time.process_time() - began
    answers = engine.answers()
    verdicts = {v: sum(a.verdict == v for a in answers) for v in {a.verdict for a in answers}}
    found = next((a.certificate for a in answers if isinstance(a.certificate, Invariant)), None)
    name = request.compiled.model.name + (f" {request.scenario}" if request.scenario else "")
    line = f"{name[:34]:34} {len(system.actions):5} {proof:7.2f} {proof / yardstick:6.1f}"
    if found is not None:
        began = time.process_time()
        found, made, wrong = refuted(task, found)
        checked = time.process_time() - began
        began = time.process_time()
        obligations_of(task, found)
        built = time.process_time() - began
        checked -= built
        facts = len(found.laws) + len(found.clauses)
        line += f" {facts:5} {len(made):6} {built:7.2f} {checked:7.2f}"
        line += f" {(proof + built + checked) / yardstick:7.1f} {'' if not wrong else 'REJECTED'}"
        if cvc5:
            began = time.process_time()
            wrong = recheck(made, "cvc5")
            line += f" cvc5 {time.process_time() - began:.2f} {'REJECTED' if wrong else 'agrees'}"
    said = ", ".join(f"{n} {v.value}" for v, n in sorted(verdicts.items()))
    print(f"{line}\n    {said}; {notes[-1] if notes else ''}", flush=True)


def main() -> None:
    """Print the table."""
    words = [w for w in sys.argv[1:] if w != "--cvc5"]
    rows = ((words[0], tuple(words[1:])),) if words else ROWS
    yardstick = start_up()
    print(f"python and import z3: {yardstick:.3f} s")
    print(f"{'':34} {'steps':>5} {'proof s':>7} {'ratio':>6} {'facts':>5} {'scripts':>6}"
          f" {'built s':>7} {'check s':>7} {'all':>7}")  # fmt: skip
    for model, settings in rows:
        for request in requests(model, settings):
            measure(request, yardstick, "--cvc5" in sys.argv)


if __name__ == "__main__":
    main()
