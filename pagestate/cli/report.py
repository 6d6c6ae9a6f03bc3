"""Results as people read them.

A line per property says first whether all is well (the same function as the exit code decides),
then what was found.  No times: the same run prints the same text.
"""

import shutil
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TextIO

from pagestate.check.outcome import Exit, code_of
from pagestate.check.request import Request
from pagestate.check.vacuity import dead_steps
from pagestate.core.verdict import PROOFS, Result, Verdict
from pagestate.run.outcome import Outcome
from pagestate.view.text import render_text
from pagestate.view.traceview import for_ever, view_of

WIDTH = 80
_WIDEST = 100
_MARKS = {Exit.OK: "ok", Exit.FAILED: "FAIL", Exit.INCONCLUSIVE: "open"}


def width_of(stream: TextIO) -> int:
    """The columns to use on ``stream``."""
    if not stream.isatty():
        return WIDTH
    return min(max(shutil.get_terminal_size().columns, 40), _WIDEST)


def text(
    request: Request, outcome: Outcome, require_proof: bool, values: bool, width: int = WIDTH
) -> str:
    """The whole report."""
    results = outcome.results
    lines = [*_fold(_heading(request), width), ""]
    engines = {r.engine for r in results}
    lines += _table(results, require_proof, width, len(engines) > 1)
    shown = _shown_trace(results)
    if shown is not None and shown.trace is not None:
        lines += ["", render_text(view_of(shown.trace), values=values, width=min(width, 75)), ""]
        others = sum(r.verdict == Verdict.VIOLATED and r.trace is not None for r in results) - 1
        if others:
            are = "violation is" if others == 1 else "violations are"
            hint = f"{others} more {are} not shown: --property NAME shows one, --trace-dir all"
            lines += [*_fold(hint, width), ""]
    else:
        lines.append("")
    lines += _list("expected:", _reasons(request, results), width)
    if outcome.fired is not None:
        lines += _list("steps that are never taken:", dead_steps(request, outcome.fired), width)
    lines += _fold(f"scope: {_scope(request, results)}", width)
    if len(engines) == 1:
        lines.append(f"engine: {engines.pop()}")
    lines += _list("assumptions:", request.assumptions, width)
    lines += _fold(f"result: {_summary(results, require_proof)}", width)
    return "\n".join(lines)


def show(value: bool | str | int) -> str:
    """A switch's value as it is written on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fold(line: str, width: int, hang: int = 2) -> list[str]:
    return wrap(
        line, width, subsequent_indent=" " * hang, break_on_hyphens=False, drop_whitespace=True
    )


def _list(title: str, items: Sequence[str], width: int) -> list[str]:
    if not items:
        return []
    return [title, *(line for item in items for line in _fold(f"  - {item}", width, 4))]


def _heading(request: Request) -> str:
    model, values = request.compiled.model, request.compiled.valuation
    free = [s.name for s in model.declared_switches() if len(s.choices) > 1]
    switches, name = " ".join(f"{n}={show(values[n])}" for n in free), model.name
    return f"{name}: {request.scope}" + (f"; {switches}" if switches else "")


def _scope(request: Request, results: Sequence[Result]) -> str:
    if not request.compiled.system.sorts:
        return request.scope
    if not request.unbounded:
        return f"{request.scope}; nothing is said about other sizes"
    if any(r.verdict == Verdict.VIOLATED for r in results):
        return f"{request.scope}; a violation is of the sizes in its diagram"
    return request.scope


def _table(
    results: Sequence[Result], require_proof: bool, width: int, engines: bool
) -> Iterator[str]:
    """One entry per property: mark, verdict, name, what was found (and by which engine)."""
    names = max((len(r.name) for r in results), default=0)
    for r in results:
        mark = _MARKS[code_of(r, require_proof)]
        line = f"{mark:<4}  {r.verdict.value:<9}  {r.name:<{names}}  "
        detail = _detail(r) + (f" [{r.engine}]" if engines else "")
        room = width - len(line)
        if room >= min(len(detail), 30):
            first, *rest = wrap(detail, room, break_on_hyphens=False) or [""]
            yield (line + first).rstrip()
            yield from (" " * len(line) + more for more in rest)
        else:
            yield line.rstrip()
            yield from wrap(detail, width, initial_indent=" " * 17, subsequent_indent=" " * 17)


def _detail(r: Result) -> str:
    parts = [_found(r), r.reason]
    if r.expected is not None:
        stronger = r.verdict == Verdict.PROVED and r.expected == Verdict.EXHAUSTED
        met = r.verdict == r.expected or stronger
        parts.append("as expected" if met else f"but expected: {r.expected.value}")
    return ", ".join(p for p in parts if p)


def _reasons(request: Request, results: Sequence[Result]) -> list[str]:
    """Why verdicts are expected, each reason once with the properties it is for."""
    names = dict[str, list[str]]()
    for r in results:
        why = request.compiled.expected[r.name][1] if r.expected is not None else ""
        if why:
            names.setdefault(why, []).append(r.name)
    return [f"{', '.join(group)}: {why}" for why, group in names.items()]


def _found(r: Result) -> str:
    steps = ""
    if r.trace is not None:
        steps = _count(len(r.trace.steps), "step") + for_ever(r.trace)
    match r.verdict:
        case Verdict.VIOLATED:
            return f"in {steps}"
        case Verdict.EXHAUSTED | Verdict.PROVED if steps:
            return f"reached in {steps}"
        case Verdict.EXHAUSTED if r.states is not None:
            return f"holds in all {_count(r.states, 'state')}"
        case Verdict.EXHAUSTED:
            return "holds in all states"
        case Verdict.PROVED:
            return "holds, certificate re-checked"
        case Verdict.BOUNDED:
            return f"nothing found up to {_count(r.depth or 0, 'step')}; this is no proof"
        case _:
            return ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shown_trace(results: Sequence[Result]) -> Result | None:
    """The counterexample to print: the shortest one, an unexpected one before an expected one."""
    violated = [r for r in results if r.verdict == Verdict.VIOLATED and r.trace is not None]
    return min(
        violated,
        key=lambda r: (r.expected == r.verdict, len(r.trace.steps) if r.trace else 0),
        default=None,
    )


def _summary(results: Sequence[Result], require_proof: bool) -> str:
    """The last line: the worst mark, and how many of what."""
    if not results:
        return "nothing to check"
    codes = {code_of(r, require_proof) for r in results}
    worst = next(_MARKS[c] for c in (Exit.FAILED, Exit.INCONCLUSIVE, Exit.OK) if c in codes)
    parts = list[str]()
    for verdict in (v for v in Verdict if v not in PROOFS):
        group = [r for r in results if r.verdict == verdict]
        if group:
            expected = sum(r.expected == verdict for r in group)
            extra = f" ({expected} as expected)" if expected else ""
            parts.append(f"{len(group)} {verdict.value}{extra}")
    holding = sum(r.verdict in PROOFS for r in results)
    if holding:
        parts.append(f"{holding} {'holds' if holding == 1 else 'hold'}")
    failed = [r for r in results if code_of(r, require_proof) == Exit.FAILED]
    other = sum(r.expected is not None for r in failed)
    if other:
        parts.append(f"{other} not as expected")
    return f"{worst}: {', '.join(parts)}"
