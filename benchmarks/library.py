"""Proofs for every size over the whole library: one table, a row per scenario.

    python -m benchmarks.library                          # all; goes on where it was stopped
    python -m benchmarks.library --model rfc_v3 --scenario getters --limit 300
    python -m benchmarks.library --certify                # and have cvc5 refute every obligation
    python -m benchmarks.library --table                  # only print what is known

Each scenario of each shipped model is asked for any number of pages and threads, all its safety
properties together, in a process of its own that may use ``--limit`` seconds of processor time.
Rows are kept as lines of JSON in ``--file`` and are not measured again, but for those of processes
that ended early; without the file, from scratch. Seconds are processor time: of the search of
small instances, of finding laws, of the proof loop, and of building and refuting all obligations
of the certificate. Compiling the model and importing are start-up and are not counted.

A property is open if it is neither proved nor violated. With ``--gaps`` a scenario with open ones
is searched at 3 pages and 2 of everything else: what no execution there violates is a gap, as is
what was not searched. Properties of infinite executions and deadlocks are not for this method, nor
are goals that a small instance meets at once.
"""

import argparse
import json
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pagestate.check.certificate import recheck, refuted
from pagestate.check.request import COUNT_BOUND, Request, any_sizes, make_request, scenarios_of
from pagestate.core.invariant import Invariant
from pagestate.core.slicing import sliced
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from pagestate.lang.load import load_model, shipped_names

FILE = Path("library.jsonl")
_PATIENCE = 3
"""How many times the limit a process may use in all: the limit is for the proof loop."""
_MOST_STATES = 4_000_000
PAGES = 3


@dataclass(frozen=True)
class Row:
    """What was found out about one scenario.

    ``verdicts`` and ``reasons`` are by property; ``seconds`` by phase; ``cvc5`` is "", "agrees" or
    what it does not refute; ``unlike`` are properties that are violated here and not where the
    model expects it (at its own sizes), or the other way round; ``holds`` are the open properties
    that no execution at 3 pages and 2 of all else violates (None: that search was cut short).
    """

    model: str
    scenario: str
    verdicts: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    depths: Mapping[str, int | None] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    views: int = 0
    laws: int = 0
    clauses: int = 0
    queries: int = 0
    scripts: int = 0
    wrong: Sequence[str] = ()
    cvc5: str = ""
    holds: Sequence[str] | None = ()
    unlike: Sequence[str] = ()
    failed: str = ""

    @property
    def total(self) -> float:
        """Seconds of all phases of the proof."""
        return sum(s for name, s in self.seconds.items() if name not in ("cvc5", "start-up"))

    def those(self, *verdicts: str) -> list[str]:
        """The properties with one of these verdicts."""
        return [n for n, v in self.verdicts.items() if v in verdicts]


def request_of(model: str, scenario: str) -> Request:
    """The scenario, for every size."""
    declared = load_model(model)
    sizes = any_sizes(declared, {}, (scenario,))
    request = make_request(declared, {}, sizes, (), scenario)
    safety = tuple(p for p in request.properties if p.kind in ("always", "step"))
    return replace(request, properties=safety)


def measure(model: str, scenario: str, limit: float, certify: bool, gaps: bool) -> Row:
    """Prove what can be proved of a scenario."""
    began = time.process_time()
    request = request_of(model, scenario)
    bounds = request.bounds(COUNT_BOUND)
    task = Task(request.compiled.system, request.properties, bounds, request.unbounded)
    start_up = time.process_time() - began
    engine = Parametric(task, lambda progress: None, seconds=limit)
    engine.advance(1)
    answers = engine.answers()
    seconds = {"start-up": start_up, **engine.spent}
    violated = {a.property for a in answers if a.verdict == Verdict.VIOLATED}
    expected = {n for n, (v, _) in request.compiled.expected.items() if v == Verdict.VIOLATED}
    asked = {p.name for p in request.properties}
    row = Row(
        model,
        scenario,
        {a.property: a.verdict.value for a in answers},
        {a.property: a.reason for a in answers},
        {a.property: a.depth for a in answers},
        seconds,
        len(task.system.actions),
        engine.views,
        unlike=sorted((violated ^ expected) & asked),
    )
    found = next((a.certificate for a in answers if isinstance(a.certificate, Invariant)), None)
    if found is not None:
        began = time.process_time()
        _, made, wrong = refuted(task, found)
        seconds["re-check"] = time.process_time() - began
        said = ""
        if certify:
            began = time.process_time()
            said = ", ".join(recheck(made, "cvc5")) or "agrees"
            seconds["cvc5"] = time.process_time() - began
        row = replace(
            row,
            laws=len(found.laws),
            clauses=len(found.clauses),
            queries=engine.queries,
            scripts=len(made),
            wrong=wrong,
            cvc5=said,
        )
    open_ = row.those("unknown")
    return replace(row, holds=(_hold(task, open_) if gaps else None) if open_ else ())


def _hold(task: Task, names: Sequence[str]) -> list[str] | None:
    """Which of the properties hold at 3 pages and 2 of everything else; None: it takes too long."""
    asked = tuple(p for p in task.properties if p.name in names)
    sizes = replace(task.sizes, index={n: PAGES if n == "page" else 2 for n in task.sizes.index})
    part = replace(task, system=sliced(task.system, asked), properties=asked, sizes=sizes)
    search = Explicit(replace(part, unbounded=frozenset()), lambda _: None, max_states=_MOST_STATES)
    search.advance(1 << 30)
    answers = search.answers()
    if any(a.verdict == Verdict.UNKNOWN for a in answers):
        return None
    return [a.property for a in answers if a.verdict == Verdict.EXHAUSTED]


def _live(
    end: Connection, model: str, scenario: str, limit: float, certify: bool, gaps: bool
) -> None:
    most = int(_PATIENCE * limit) + 10
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    end.send(json.dumps(asdict(measure(model, scenario, limit, certify, gaps))))


def apart(model: str, scenario: str, limit: float, certify: bool, gaps: bool) -> Row:
    """``measure`` in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_live, args=(theirs, model, scenario, limit, certify, gaps))
    process.start()
    theirs.close()
    try:
        return Row(**json.loads(ours.recv()))
    except EOFError:
        process.join()
        return Row(model, scenario, failed=f"its process ended with status {process.exitcode}")
    finally:
        process.kill()
        process.join()


def known_rows(file: Path) -> dict[tuple[str, str], Row]:
    """What was measured before, by model and scenario."""
    if not file.exists():
        return {}
    rows = [Row(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    return {(r.model, r.scenario): r for r in rows if not r.failed}


def wanted(models: Sequence[str], scenarios: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The models and scenarios to look at, in the order of their names and as declared."""
    for model in models or shipped_names():
        declared = load_model(model)
        for name in scenarios_of(declared, ()):
            if not scenarios or name in scenarios:
                yield model, name


HEAD = (
    "| model | scenario | proved | violated | open | explore | laws | loop | re-check | all"
    " | laws, clauses | queries | scripts | cvc5 |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def line(row: Row) -> str:
    """A row as Markdown."""
    told = [
        str(len(row.those("proved"))),
        str(len(row.those("violated"))),
        ", ".join(row.those("unknown", "vacuous")) or row.failed or "-",
        *(f"{row.seconds.get(n, 0):.1f}" for n in ("explore", "laws", "loop", "re-check")),
        f"{row.total:.1f}",
        f"{row.laws}, {row.clauses}",
        str(row.queries),
        str(row.scripts),
        "REJECTED" if row.wrong else row.cvc5 or "-",
    ]
    return f"| {row.model} | {row.scenario} | {' | '.join(told)} |"


def text(rows: Sequence[Row]) -> str:
    """The table, why properties are open, and the sums."""
    lines = [HEAD, *(line(r) for r in rows), ""]
    why = Counter[str]()
    gaps, undecided = 0, 0
    for row in rows:
        for name in row.those("unknown", "vacuous"):
            gap = row.holds is None or name in row.holds
            gaps += gap
            undecided += not gap
            why[f"{row.model} {row.scenario} {name}: {row.reasons[name]}"[:300]] += 1
    counted = Counter(v for r in rows for v in r.verdicts.values())
    said = ", ".join(f"{n} {v}" for v, n in sorted(counted.items()))
    slow = [r for r in rows if r.total >= 5]
    failed = [r for r in rows if r.failed]
    lines.append(
        f"{len(rows)} scenarios: {said}; {gaps} gaps, {undecided} open ones violated at"
        f" {PAGES} pages; {len(slow)} scenarios take 5 s or more, {len(failed)} ended early;"
        f" {sum(r.total for r in rows):.0f} s in all."
    )
    unlike = [f"{r.model} {r.scenario} {name}" for r in rows for name in r.unlike]
    lines.append(
        f"Verdicts that differ from what the models expect at their sizes:"
        f" {', '.join(unlike) or 'none'}."
    )
    lines += [f"- {reason}" for reason in why]
    return "\n".join(lines)


def compact(rows: Sequence[Row]) -> str:
    """Seconds of all phases, a line per scenario and a column per model; * where some are open."""
    models = list(dict.fromkeys(r.model for r in rows))
    cells = {(r.scenario, r.model): r for r in rows}
    lines = [f"| scenario | {' | '.join(models)} |", "|---" * (len(models) + 1) + "|"]
    for scenario in dict.fromkeys(r.scenario for r in rows):
        found = [cells.get((scenario, model)) for model in models]
        told = ["" if r is None else f"{r.total:.1f}{_mark(r)}" for r in found]
        lines.append(f"| {scenario} | {' | '.join(told)} |")
    return "\n".join(lines)


def _mark(row: Row) -> str:
    return "*" if row.failed or row.those("unknown", "vacuous") else ""


def main() -> None:
    """Measure what is not known yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library")
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--limit", type=float, default=120, help="seconds for each proof loop")
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--certify", action="store_true", help="check with cvc5, too")
    parser.add_argument("--gaps", action="store_true", help="search open ones at 3 pages")
    parser.add_argument("--table", action="store_true", help="measure nothing")
    parser.add_argument("--compact", action="store_true", help="print the sums of seconds only")
    chosen: Any = parser.parse_args()
    known = known_rows(chosen.file)
    rows = list[Row]()
    for model, scenario in wanted(chosen.model, chosen.scenario):
        row = known.get((model, scenario))
        if row is None and not chosen.table:
            row = apart(model, scenario, chosen.limit, chosen.certify, chosen.gaps)
            with chosen.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(row)) + "\n")
            print(line(row), flush=True)
        rows += [] if row is None else [row]
    print(compact(rows) if chosen.compact else text(rows))


if __name__ == "__main__":
    main()
