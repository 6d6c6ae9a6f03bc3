"""How fast the exhaustive search is, on the system of ``systems.py``, as ratios in one run.

    python -m benchmarks.explicit

Sizes are pages/getters.
The first line of the table is the yardstick: the CPU time of a Python process that imports Z3.
"""

import resource
import subprocess
import sys
import time

from benchmarks.systems import UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task

ROWS = (
    # pages, getters, coarse, symmetry
    (2, 2, False, True),
    (4, 2, False, True),
    (8, 2, False, True),
    (2, 2, False, False),
    (4, 2, False, False),
    (2, 2, True, False),
    (2, 2, True, True),
    (8, 2, True, True),
    (16, 2, True, True),
    (16, 3, True, True),
)


def start_up() -> float:
    """The CPU seconds of ``python -c "import z3"``: the least of five."""
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", "import z3"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def search(pages: int, getters: int, coarse: bool, symmetry: bool) -> tuple[float, Explicit]:
    """The CPU seconds of an exhaustive search, code generation included, and the engine."""
    began = time.process_time()
    task = Task(offlining(coarse=coarse), (UNPLUGGED_NEVER_FREE,), sizes(pages, getters))
    engine = Explicit(task, lambda progress: None, symmetry)
    engine.advance(10**9)
    return time.process_time() - began, engine


def main() -> None:
    """Print the table."""
    yardstick = start_up()
    print(f"{'':30} {'states':>10} {'steps':>12} {'CPU s':>8} {'ratio':>7}")
    print(f"{'python and import z3':30} {'':>10} {'':>12} {yardstick:8.3f} {1:7.2f}")
    for pages, getters, coarse, symmetry in ROWS:
        seconds, engine = search(pages, getters, coarse, symmetry)
        name = f"{pages}/{getters}{', coarse' * coarse}{', no symmetry' * (not symmetry)}"
        found = f"{engine.states:>10,} {engine.transitions:>12,}"
        print(f"{name:30} {found} {seconds:8.3f} {seconds / yardstick:7.2f}")


if __name__ == "__main__":
    main()
