"""What the pdr engine's choices are worth: orbits of clauses, literals that compare numbers.

    python -m benchmarks.pdr                        # a few minutes
    python -m benchmarks.pdr --pages 2,4 --getters 2 --limit 30

The safe system of ``systems.py`` (fine variant).  Each run is a process of its own; CPU seconds of
the engine alone, how many questions its solvers answered, how many clauses it proved with (up to
renaming), and the seconds of the re-check of its certificate.
"""

import argparse
import importlib
import json
import sys
import time

from benchmarks.competition import ROOT, Case, Failed, _numbers, _run

VARIANTS = {
    "orbits, comparisons": (True, True),
    "orbits, values only": (True, False),
    "no orbits, comparisons": (False, True),
    "no orbits, values only": (False, False),
}


def measure(symmetry: bool, order: bool, pages: int, getters: int) -> dict[str, float]:
    """One run, in this process."""
    engine = importlib.import_module("pagestate.engines.pdr")
    check = importlib.import_module("pagestate.check.certificate")
    task = Case(False, pages, getters).task()
    began = time.process_time()
    prover = engine.Pdr(task, lambda progress: None, symmetry=symmetry, order=order)
    prover.advance(10**9)
    took = time.process_time() - began
    (answer,) = prover.answers()
    failures = check.certify(task, answer.certificate, None)
    assert not failures, failures
    whole = time.process_time() - began
    clauses = len(answer.certificate.laws)
    queries = prover.learned[1]
    return {"s": took, "queries": queries, "clauses": clauses, "check": whole - took}


def main() -> None:
    """Print the table, or run one variant for it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=_numbers, default=[2, 4, 8])
    parser.add_argument("--getters", type=_numbers, default=[2, 3])
    parser.add_argument("--limit", type=float, default=60, help="CPU seconds of one run")
    parser.add_argument("--run", nargs=4, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        symmetry, order, pages, getters = given.run
        print(json.dumps(measure(bool(symmetry), bool(order), pages, getters)))
        return
    print("| pages/getters | variant | CPU s | queries | clauses | re-check s |")
    print("|---|---|---|---|---|---|")
    for pages in given.pages:
        for getters in given.getters:
            for name, options in VARIANTS.items():
                numbers = [str(int(n)) for n in (*options, pages, getters)]
                command = [sys.executable, "-m", "benchmarks.pdr", "--run", *numbers]
                row = f"| {pages}/{getters} | {name} |"
                try:
                    made = json.loads(_run(command, ROOT, given.limit))
                    row += f" {made['s']:.2f} | {made['queries']:,.0f} |"
                    row += f" {made['clauses']:.0f} | {made['check']:.2f} |"
                except Failed as failed:
                    row += f" {failed} | | | |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
