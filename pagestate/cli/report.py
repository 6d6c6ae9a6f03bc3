"""Results as people read them.

A line per property says first whether all is well (the same function as the exit code decides),
then what was found.  No times: the same run prints the same text.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import TextIO

from pagestate.check.outcome import Exit, code_of
from pagestate.check.vacuity import dead_statements
from pagestate.cli.jsonresults import common
from pagestate.core.verdict import PROOFS, Result, Verdict
from pagestate.lang.declare import Model
from pagestate.run.larger import OTHER_SIZES
from pagestate.run.part import Part
from pagestate.view.text import render_text
from pagestate.view.traceview import for_ever, view_of

WIDTH = 80
MANY = 12
"""With more switches than this only those are named that differ from their defaults."""
_WIDEST = 100
_MARKS = {Exit.OK: "ok", Exit.FAILED: "FAIL", Exit.INCONCLUSIVE: "open"}


def width_of(stream: TextIO) -> int:
    """The columns to use on ``stream``."""
    if not stream.isatty():
        return WIDTH
    return min(max(shutil.get_terminal_size().columns, 40), _WIDEST)


def text(
    model: Model,
    parts: Sequence[Part],
    require_proof: bool,
    values: bool,
    width: int = WIDTH,
    whole: Sequence[Result] = (),
) -> str:
    """The whole report on a model; expects at least one part, several of one with scenarios.

    ``whole`` are results about all parts together.
    """
    results = [*(r for p in parts for r in p.results), *whole]
    engines = {r.engine for r in results}
    table = _Table(results, require_proof, width)
    lines = [*_fold(_heading(model, parts), width), ""]
    for part in parts:
        if part.scenario:
            lines += _fold(_title(model, part, parts), width)
        lines += [*table.rows(part.results), *([""] if part.scenario else [])]
    lines += table.rows(whole)
    lines += _diagram(results, values, width) or ([] if parts[0].scenario else [""])
    lines += _list("expected:", _reasons(parts), width)
    lines += _list(*_never_taken(parts), width)
    lines += _fold(f"scope: {_scope(parts)}", width)
    lines += _remarks(parts, width)
    if len(engines) == 1:
        lines.append(f"engine: {engines.pop()}")
    lines += _list("assumptions:", _assumptions(parts), width)
    lines += _fold(f"result: {_summary(parts, results, require_proof)}", width)
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


def _settings(model: Model, values: Mapping[str, bool | str | int], few: int = MANY) -> str:
    """The switches that differ from the model's defaults; all of them if they are ``few``."""
    free = [s for s in model.declared_switches() if len(s.choices) > 1 and s.name in values]
    if len(free) > few:
        free = [s for s in free if values[s.name] != s.default]
    return " ".join(f"{s.name}={show(values[s.name])}" for s in free)


def _heading(model: Model, parts: Sequence[Part]) -> str:
    first = parts[0]
    if first.scenario:
        what = counted(len(parts), "scenario")
        if len(parts) < len(model.scenarios):
            what += f" of {len(model.scenarios)}"
    else:
        what = first.scope
    switches = _settings(model, common([p.switches for p in parts]))
    return f"{model.name}: {what}" + (f"; {switches}" if switches else "")


def _title(model: Model, part: Part, parts: Sequence[Part]) -> str:
    """The heading of a scenario: who is left out, and where it differs from others."""
    same = common([p.switches for p in parts])
    own = _settings(model, {n: v for n, v in part.switches.items() if n not in same}, few=0)
    doc = next(s.doc for s in model.scenarios if s.name == part.scenario).strip().splitlines()[0]
    left = f"left out: {', '.join(part.left_out)}" if part.left_out else "nobody left out"
    facts = [f for f in (part.scope, own, left) if f]
    return f"{part.scenario}: {doc} ({'; '.join(facts)})"


def _scope(parts: Sequence[Part]) -> str:
    if parts[0].scenario:
        sizes = "other sizes or about "
        if any("any" in p.sizes.values() for p in parts) or _wider(parts):
            sizes = ""
        return (
            "each scenario by itself, for the sizes it names; nothing is said about "
            f"{sizes}actors that no scenario has together"
        )
    (part,) = parts
    if not part.sizes:
        return part.scope
    if "any" not in part.sizes.values():
        less = ", but of what is proved for any number" if _wider(parts) else ""
        return f"{part.scope}; nothing is said about other sizes{less}"
    if any(r.verdict == Verdict.VIOLATED for r in part.results):
        return f"{part.scope}; a violation is of the sizes in its diagram"
    return part.scope


def _wider(parts: Sequence[Part]) -> bool:
    """Whether something was proved for every size that was searched at some only."""
    wider = (r for p in parts for r in p.results if r.scope != p.scope)
    return any(r.verdict == Verdict.PROVED and r.trace is None for r in wider)


def _diagram(results: Sequence[Result], values: bool, width: int) -> list[str]:
    """One counterexample, and how to see the others."""
    shown = _shown_trace(results)
    if shown is None or shown.trace is None:
        return []
    where = [f"in scenario {shown.scenario}:"] if shown.scenario else []
    picture = render_text(view_of(shown.trace), values=values, width=min(width, 75))
    lines = ["", *where, *([""] if where else []), picture, ""]
    others = sum(r.verdict == Verdict.VIOLATED and r.trace is not None for r in results) - 1
    if others:
        are = "violation is" if others == 1 else "violations are"
        one = "--scenario NAME --property NAME" if shown.scenario else "--property NAME"
        hint = f"{others} more {are} not shown: {one} shows one, --trace-dir all"
        lines += [*_fold(hint, width), ""]
    return lines[1:] if where else lines


def _remarks(parts: Sequence[Part], width: int) -> list[str]:
    """What was not proved for every size, and why: each remark once, with its scenarios."""
    owners = dict[str, list[str]]()
    for part in parts:
        for note in part.notes:
            if note.startswith(OTHER_SIZES):
                owners.setdefault(note, []).append(part.scenario)
    return [
        line
        for note, who in owners.items()
        for line in _fold(
            note + (f" ({', '.join(who)})" if 0 < len(who) < len(parts) else ""), width
        )
    ]


def _never_taken(parts: Sequence[Part]) -> tuple[str, list[str]]:
    everywhere = " in any of the scenarios" if parts[0].scenario else ""
    dead = dead_statements([p.steps for p in parts])
    return f"steps that are never taken{everywhere}:", [d.text for d in dead]


def _assumptions(parts: Sequence[Part]) -> list[str]:
    """Those of all scenarios once, the others with the names of theirs."""
    owners = dict[str, list[str]]()
    for part in parts:
        for text in _of_results(part):
            owners.setdefault(text, []).append(part.scenario)
    everybody = [text for text, who in owners.items() if len(who) == len(parts)]
    some = [text for text, who in owners.items() if len(who) < len(parts)]
    return [*everybody, *(_of_scenarios(text, owners[text]) for text in some)]


def _of_results(part: Part) -> Iterator[str]:
    """What the results of a part rest on; what not all of them do says which.

    Where a search went on to every size, its proofs are about other actors than the rest.
    """
    each = [r.assumptions for r in part.results] or [part.assumptions]
    place = {text: n for known in (part.assumptions, *each) for n, text in enumerate(known)}
    for text in sorted(place, key=place.__getitem__):
        if all(text in known for known in each):
            yield text
        elif any(text in known for known in each):
            yield f"{'at these sizes' if text in part.assumptions else 'for any number'}: {text}"


def _of_scenarios(text: str, who: Sequence[str]) -> str:
    return text if text.startswith("scenario ") else f"in {', '.join(who)}: {text}"


class _Table:
    """One entry per property: mark, verdict, name, what was found (and by which engine)."""

    def __init__(self, results: Sequence[Result], require_proof: bool, width: int) -> None:
        self.names = max((len(r.name) for r in results), default=0)
        self.engines = len({r.engine for r in results}) > 1
        self.require_proof, self.width = require_proof, width

    def rows(self, results: Sequence[Result]) -> Iterator[str]:
        """The lines about ``results``."""
        for r in results:
            mark = _MARKS[code_of(r, self.require_proof)]
            line = f"{mark:<4}  {r.verdict.value:<9}  {r.name:<{self.names}}  "
            detail = _detail(r) + (f" [{r.engine}]" if self.engines else "")
            room = self.width - len(line)
            if room >= min(len(detail), 30):
                first, *rest = wrap(detail, room, break_on_hyphens=False) or [""]
                yield (line + first).rstrip()
                yield from (" " * len(line) + more for more in rest)
            else:
                yield line.rstrip()
                indent = " " * 17
                yield from wrap(detail, self.width, initial_indent=indent, subsequent_indent=indent)


def _detail(r: Result) -> str:
    parts = [_found(r), r.reason]
    if r.expected is not None:
        stronger = r.verdict == Verdict.PROVED and r.expected == Verdict.EXHAUSTED
        met = r.verdict == r.expected or stronger
        parts.append("as expected" if met else f"but expected: {r.expected.value}")
    return ", ".join(p for p in parts if p)


def _reasons(parts: Sequence[Part]) -> list[str]:
    """Why verdicts are expected, each reason once with the properties it is for."""
    names = dict[str, dict[str, list[str]]]()
    for part in parts:
        for r in part.results:
            why = part.reasons.get(r.name, "") if r.expected is not None else ""
            if why:
                names.setdefault(why, {}).setdefault(r.name, []).append(part.scenario)
    return [
        f"{', '.join(_where(name, who) for name, who in group.items())}: {why}"
        for why, group in names.items()
    ]


def _where(name: str, scenarios: Sequence[str]) -> str:
    return f"{name} ({', '.join(scenarios)})" if any(scenarios) else name


def _found(r: Result) -> str:
    steps = ""
    if r.trace is not None:
        steps = counted(len(r.trace.steps), "step") + for_ever(r.trace)
    match r.verdict:
        case Verdict.VIOLATED:
            return f"in {steps}"
        case Verdict.EXHAUSTED | Verdict.PROVED if steps:
            return f"reached in {steps}"
        case Verdict.EXHAUSTED if r.states is not None:
            return f"holds in all {counted(r.states, 'state')}"
        case Verdict.EXHAUSTED:
            return "holds in all states"
        case Verdict.PROVED:
            return "holds, certificate re-checked"
        case Verdict.BOUNDED:
            return f"nothing found up to {counted(r.depth or 0, 'step')}; this is no proof"
        case _:
            return ""


def counted(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shown_trace(results: Sequence[Result]) -> Result | None:
    """The counterexample to print: the shortest one, an unexpected one before an expected one."""
    violated = [r for r in results if r.verdict == Verdict.VIOLATED and r.trace is not None]
    return min(
        violated,
        key=lambda r: (r.expected == r.verdict, len(r.trace.steps) if r.trace else 0),
        default=None,
    )


def _summary(parts: Sequence[Part], results: Sequence[Result], require_proof: bool) -> str:
    """The last line: the worst mark, and how many of what; of scenarios, in these only."""
    if not results:
        return "nothing to check"
    codes = {code_of(r, require_proof) for r in results}
    worst = next(_MARKS[c] for c in (Exit.FAILED, Exit.INCONCLUSIVE, Exit.OK) if c in codes)
    found = list[str]()
    for verdict in (v for v in Verdict if v not in PROOFS):
        group = [r for r in results if r.verdict == verdict]
        if group:
            expected = sum(r.expected == verdict for r in group)
            extra = f" ({expected} as expected)" if expected else ""
            found.append(f"{len(group)} {verdict.value}{extra}")
    holding = sum(r.verdict in PROOFS for r in results)
    if holding:
        found.append(f"{holding} {'holds' if holding == 1 else 'hold'}")
    failed = [r for r in results if code_of(r, require_proof) == Exit.FAILED]
    other = sum(r.expected is not None for r in failed)
    if other:
        found.append(f"{other} not as expected")
    where = ""
    if parts[0].scenario:
        where = f" in {'this scenario' if len(parts) == 1 else f'these {len(parts)} scenarios'}"
    return f"{worst}{where}: {', '.join(found)}"
