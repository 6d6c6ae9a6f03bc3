"""Which encoding of a step the bmc engine should use: all of them on one system, as ratios.

    python -m benchmarks.encodings                  # the safe variant, 2 pages, 2 getters, depth 15
    python -m benchmarks.encodings --pages 3 --getters 3 --limit 60
    python -m benchmarks.encodings --start-up       # the buggy variant, including process start-up

Each encoding runs in a process of its own and is cut off after ``--limit`` seconds of CPU; what is
printed is CPU time.  All but the last answer only the property; the product also asks at each depth
whether a counter leaves its bound and whether an execution of that length exists.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import z3

from benchmarks.formula import Encoding, Renamings, Step, ordered
from benchmarks.systems import UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.core.ground import ground
from pagestate.engines.bmc import Bmc
from pagestate.engines.interface import Task

NAIVE = Encoding("naive", "", "bits", "pseudo-Boolean", "chains", proved=False)
ENCODINGS = (
    NAIVE,
    Encoding("naive, Int", "", "int", "pseudo-Boolean", "chains", proved=False),
    Encoding("naive, proved depths asserted", "", "bits", "pseudo-Boolean", "chains"),
    Encoding("naive, QF_FD", "QF_FD", "bits", "pseudo-Boolean", "chains", proved=False),
    Encoding("PB, implied frame", choice="pseudo-Boolean", frame="implied"),
    Encoding("PB, explained frame", choice="pseudo-Boolean"),
    Encoding("at-most-one, explained", choice="at-most"),
    Encoding("pairwise, explained", choice="pairwise"),
    Encoding("selector, explained", choice="selector"),
    Encoding("name and parameters", choice="parameters"),
    Encoding("number, explained"),
    Encoding("number, both frames", frame="implied and explained"),
    Encoding("number, plain Solver", logic=""),
    Encoding("number, QF_BV", logic="QF_BV"),
    Encoding("number, not asserted", proved=False),
    Encoding("number, rebuilt per depth", copy="rebuild"),
    Encoding("number, partial order", order=True),
    Encoding("number, renaming", symmetry=True),
    Encoding("number, renaming and order", symmetry=True, order=True),
)
PRODUCT = "product"


def unroll(made: Encoding, pages: int, getters: int, depth: int) -> dict[str, object]:
    """Decide the property at every depth; the time of all and of building terms."""
    start, building = time.process_time(), 0.0
    instance = ground(offlining(), sizes(pages, getters))
    ctx = z3.Context()
    solver = z3.SolverFor(made.logic, ctx) if made.logic else z3.Solver(ctx=ctx)
    step = Step(instance, made, ctx, "t")
    bad = step.terms.truth(instance.expr(UNPLUGGED_NEVER_FREE.formula))
    states = [_copies(step.now.cells, 0)]
    renaming = Renamings(instance, ctx) if made.symmetry else None
    commuting = ordered(instance) if made.order else {}
    fires: list[list[z3.BoolRef]] = []
    for cell, term in zip(instance.cells, states[0], strict=True):
        solver.add(term == (bool(cell.init) if isinstance(term, z3.BoolRef) else cell.init))
    for level in range(depth + 1):
        began = time.process_time()
        if level:
            states.append(_copies(step.now.cells, level))
            source = step
            if made.copy == "rebuild":
                source = Step(instance, made, ctx, f"r{level}")
            choice = _copies((*source.fire, *source.extra), level)
            new = [*states[-2], *states[-1], *choice]
            solver.add(z3.substitute(source.formula, *zip(source.constants(), new, strict=True)))
            fires.append(choice[: len(step.fire)])
            if renaming is not None:
                solver.add(renaming.step(fires[-1], level))
            if level > 1:
                for first, then in commuting.items():
                    early = z3.Or([fires[-2][b] for b in then])
                    solver.add(z3.Not(z3.And(early, z3.Or([fires[-1][a] for a in first]))))
        holds = z3.substitute(bad, *zip(step.now.cells, states[-1], strict=True))
        wanted = z3.Bool(f"wanted{level}", ctx)
        solver.add(z3.Implies(wanted, z3.Not(holds)))
        building += time.process_time() - began
        if solver.check(wanted) != z3.unsat:
            raise AssertionError("the safe variant is safe")
        if made.proved:
            solver.add(holds)
    return {"seconds": time.process_time() - start, "building": building}


def _copies(constants: object, at: int) -> list[z3.ExprRef]:
    return [z3.Const(f"{c}@{at}", c.sort()) for c in constants]


def product(pages: int, getters: int, depth: int) -> dict[str, object]:
    """The engine itself, with everything it asks."""
    start = time.process_time()
    task = Task(offlining(), (UNPLUGGED_NEVER_FREE,), sizes(pages, getters))
    engine = Bmc(task, lambda _: None)
    engine.advance(depth)
    (answer,) = engine.answers()
    return {"seconds": time.process_time() - start, "verdict": answer.verdict.value}


def start_up() -> None:
    """The CPU time of a fresh process that finds the counterexample of the buggy variant."""
    code = (
        "from benchmarks.systems import *; from pagestate.engines.bmc import Bmc\n"
        "from pagestate.engines.interface import Task\n"
        "e = Bmc(Task(offlining(True), (UNPLUGGED_NEVER_FREE,), sizes()), lambda p: None)\n"
        "e.advance(15); (a,) = e.answers(); assert a.verdict == 'violated', a\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"counterexample with start-up: {used:.2f} s of CPU")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, value in (("pages", 2), ("getters", 2), ("depth", 15), ("limit", 120)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--only", help="part of the name of an encoding")
    parser.add_argument("--start-up", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    size = args.pages, args.getters, args.depth
    if args.start_up:
        start_up()
    elif args.one:
        resource.setrlimit(resource.RLIMIT_CPU, (args.limit, args.limit))
        named = {e.note: e for e in ENCODINGS}
        print(json.dumps(product(*size) if args.one == PRODUCT else unroll(named[args.one], *size)))
    else:
        table(args, size)


def table(args: argparse.Namespace, size: tuple[int, int, int]) -> None:
    """Run each encoding in a child and print its time relative to the naive one."""
    print(f"{size[0]} pages, {size[1]} getters, depth {size[2]}, Z3 {z3.get_version_string()}")
    base = 0.0
    flags = [f"--{k}={getattr(args, k)}" for k in ("pages", "getters", "depth", "limit")]
    for note in (*(e.note for e in ENCODINGS), PRODUCT):
        if args.only and args.only not in note and note != NAIVE.note:
            continue
        command = [sys.executable, "-m", "benchmarks.encodings", "--one", note, *flags]
        made = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
        if made.returncode < 0:
            base = base or float(args.limit)
            print(f"{note:32} more than {args.limit} s", flush=True)
            continue
        if made.returncode:
            raise SystemExit(made.stderr)
        found = json.loads(made.stdout)
        base = base or found["seconds"]
        ratio = found["seconds"] / base
        rest = f"building {found['building']:.2f} s" if "building" in found else found["verdict"]
        print(f"{note:32} {found['seconds']:8.2f} s  {ratio:7.4f}  {rest}", flush=True)


if __name__ == "__main__":
    main()
