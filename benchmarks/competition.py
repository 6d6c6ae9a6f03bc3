"""The same small protocol under SPIN, ABC and the engines here, in one run.

    python -m benchmarks.competition                    # a few minutes, mostly SPIN
    python -m benchmarks.competition --limit 20 --pages 4,8 --getters 2

The protocol is that of ``systems.py`` in both variants, safe; the other tools get what
``pagestate export`` writes.  CPU seconds are those of all processes of a tool: for SPIN the
generator, the C compiler and the verifier (breadth first, which is its faster way here); for the
engines here a process that has started and imported, for those that prove with the re-check of
their certificate.  A tool that takes longer than the limit is not asked for more pages or
getters.  Tools that are not installed are left out.
"""

import argparse
import importlib
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.systems import UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.engines.interface import Task
from pagestate.interchange.aiger import circuit
from pagestate.interchange.instance import Instance, instance
from pagestate.interchange.promela import promela

MEMORY = 4 << 30
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Case:
    """One instance of the protocol."""

    coarse: bool
    pages: int
    getters: int

    def task(self, *unbounded: str) -> Task:
        bounds = sizes(self.pages, self.getters)
        wanted = (UNPLUGGED_NEVER_FREE,)
        return Task(offlining(coarse=self.coarse), wanted, bounds, frozenset(unbounded))

    def instance(self) -> Instance:
        task = self.task()
        return instance(task.system, task.properties, task.sizes)


@dataclass(frozen=True)
class Measured:
    """CPU seconds and what the tool counted; no seconds: it gave no answer, and why."""

    seconds: float | None
    what: str

    def text(self) -> str:
        return self.what if self.seconds is None else f"{self.seconds:.2f} ({self.what})"


class Failed(Exception):
    """A tool gave no answer; the message says why."""


def explicit(case: Case) -> tuple[float, str]:
    """CPU seconds of the exhaustive search in this process, code generation included."""
    engine = importlib.import_module("pagestate.engines.explicit")
    began = time.process_time()
    search = engine.Explicit(case.task(), lambda progress: None)
    search.advance(10**9)
    verdict = search.answers()[0].verdict
    took = time.process_time() - began
    return took, f"{search.states:,} states" if verdict == "exhausted" else str(verdict)


def parametric(case: Case) -> tuple[float, str]:
    """CPU seconds of the proof for every size in this process, certificate re-checked."""
    engine = importlib.import_module("pagestate.engines.parametric")
    check = importlib.import_module("pagestate.check.certificate")
    began = time.process_time()
    task = case.task("page", "getter")
    prover = engine.Parametric(task, lambda progress: None)
    while not prover.advance(10**9):
        pass
    answer = prover.answers()[0]
    if answer.verdict != "proved":
        return time.process_time() - began, str(answer.verdict)
    failures = check.certify(task, answer.certificate, None)
    took = time.process_time() - began
    if failures:
        return took, f"certificate: {failures[0]}"
    found = answer.certificate
    return took, f"{len(found.laws) + len(found.clauses)} clauses"


def pdr(case: Case) -> tuple[float, str]:
    """CPU seconds of the pdr engine in this process, certificate re-checked."""
    engine = importlib.import_module("pagestate.engines.pdr")
    check = importlib.import_module("pagestate.check.certificate")
    began = time.process_time()
    task = case.task()
    prover = engine.Pdr(task, lambda progress: None)
    prover.advance(10**9)
    answer = prover.answers()[0]
    if answer.verdict != "proved":
        return time.process_time() - began, str(answer.verdict)
    alone = time.process_time() - began
    failures = check.certify(task, answer.certificate, None)
    took = time.process_time() - began
    if failures:
        return took, f"certificate: {failures[0]}"
    return took, f"{len(answer.certificate.laws)} clauses up to renaming, engine {alone:.2f}"


OWN: dict[str, Callable[[Case], tuple[float, str]]] = {
    "explicit": explicit,
    "pdr": pdr,
    "parametric": parametric,
}


def own(name: str, case: Case, limit: float) -> Measured:
    """One of the engines here, in a process of its own."""
    numbers = [str(int(case.coarse)), str(case.pages), str(case.getters)]
    command = [sys.executable, "-m", "benchmarks.competition", "--run", name, *numbers]
    try:
        seconds, what = json.loads(_run(command, ROOT, limit))
    except Failed as failed:
        return Measured(None, str(failed))
    good = "states" in what or "clauses" in what
    return Measured(seconds if good else None, what)


def spin(case: Case, limit: float) -> Measured:
    """SPIN: generate, compile and run the verifier."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.pml").write_text(promela(case.instance()), encoding="utf-8")
        before = _used()
        try:
            _run(["spin", "-a", "model.pml"], folder, limit)
            options = ["-w", "-O2", "-DBFS", "-DNOREDUCE", f"-DMEMLIM={MEMORY >> 20}"]
            _run(["gcc", *options, "-o", "pan", "pan.c"], folder, limit)
            alone = _used()
            out = _run(["./pan"], folder, limit)
        except Failed as failed:
            return Measured(None, str(failed))
        stored = re.search(r"(\d+) states, stored", out)
        if not stored or "errors: 0" not in out:
            return Measured(None, "wrong")
        if "out of memory" in out or "search was incomplete" in out:
            return Measured(None, "out of memory")
        now = _used()
        return Measured(now - before, f"{int(stored[1]):,} states, verifier {now - alone:.2f}")


def abc(case: Case, limit: float) -> Measured:
    """ABC: property directed reachability of the circuit."""
    program = _abc()
    assert program is not None
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "model.aig"
        path.write_bytes(circuit(case.instance()).binary("benchmark"))
        before = _used()
        try:
            out = _run([program, "-c", f"read {path}; pdr"], Path(name), limit)
        except Failed as failed:
            return Measured(None, str(failed))
        clauses = re.search(r"(\d+) clauses with", out)
        if "Property proved" not in out or not clauses:
            return Measured(None, "wrong")
        return Measured(_used() - before, f"{int(clauses[1]):,} clauses")


def _abc() -> str | None:
    return shutil.which("berkeley-abc") or shutil.which("abc")


def _used() -> float:
    """CPU seconds of the child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _limited(seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))


def _run(command: Sequence[str], folder: Path, limit: float) -> str:
    """The output of a program that has ``limit`` seconds of CPU.  Raises Failed."""
    made = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        preexec_fn=lambda: _limited(limit),
    )
    if made.returncode < 0:
        raise Failed(f"more than {limit:.0f} s")
    if made.returncode and "pan" not in command[0]:
        lines = (made.stderr or made.stdout).strip().splitlines()
        memory = any("MemoryError" in line or "memory" in line for line in lines[-3:])
        raise Failed("out of memory" if memory else f"failed: {lines[-1] if lines else ''}")
    return made.stdout


def ratio(a: Measured, b: Measured) -> str:
    """How many times longer ``a`` took than ``b``."""
    if a.seconds is None or not b.seconds:
        return "-"
    return f"{a.seconds / b.seconds:.1f}"


def table(pages: Sequence[int], getters: Sequence[int], limit: float) -> Iterator[str]:
    """The lines of the table."""
    tools: dict[str, Callable[[Case, float], Measured]] = {}
    if shutil.which("spin") and shutil.which("gcc"):
        tools["SPIN"] = spin
    else:
        yield "SPIN or a C compiler is not installed: left out."
    if _abc():
        tools["ABC pdr"] = abc
    else:
        yield "ABC is not installed: left out."
    names = ["explicit", "pdr", "parametric (any size)", *tools]
    ratios = [f"{tool} / {ours}" for tool in tools for ours in OWN]
    yield f"| variant, pages/getters | {' | '.join([*names, *ratios])} |"
    yield "|" + "---|" * (1 + len(names) + len(ratios))
    for coarse in (True, False):
        variant = "coarse" if coarse else "fine"
        proof = own("parametric", Case(coarse, 2, 2), limit)
        slow = dict[str, list[Case]]()
        for case in (Case(coarse, p, g) for p in pages for g in getters):
            found = dict[str, Measured]()
            for name in ("explicit", "pdr", *tools):
                worse = [c for c in slow.get(name, []) if _larger(case, c)]
                if worse:
                    found[name] = Measured(None, "not tried")
                elif name in OWN:
                    found[name] = own(name, case, limit)
                else:
                    found[name] = tools[name](case, limit)
                if found[name].seconds is None:
                    slow.setdefault(name, []).append(case)
            found["parametric"] = proof
            cells = [found["explicit"], found["pdr"], proof, *(found[t] for t in tools)]
            times = [ratio(found[tool], found[ours]) for tool in tools for ours in OWN]
            row = [m.text() for m in cells] + times
            yield f"| {variant} {case.pages}/{case.getters} | {' | '.join(row)} |"


def _larger(a: Case, b: Case) -> bool:
    return a.pages >= b.pages and a.getters >= b.getters


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Print the table, or run one engine for it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=_numbers, default=[4, 8, 16])
    parser.add_argument("--getters", type=_numbers, default=[2, 3])
    parser.add_argument("--limit", type=float, default=60, help="CPU seconds of one run")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        name, *numbers = given.run
        coarse, pages, getters = map(int, numbers)
        print(json.dumps(OWN[name](Case(bool(coarse), pages, getters))))
        return
    for line in table(given.pages, given.getters, given.limit):
        print(line, flush=True)


if __name__ == "__main__":
    main()
