"""The answer as people read it: one sentence for a maintainer, then every assumption by itself."""

from collections.abc import Iterator, Sequence
from os.path import basename
from textwrap import wrap

from pagestate.core.verdict import PROOFS
from pagestate.needs.answer import Answer
from pagestate.needs.candidate import Candidate, word
from pagestate.needs.row import Row

_PLURALS = {"lock": "locks", "switch": "switches", "atomic": "atomic blocks", "test": "tests"}
_MOST_NAMED = 8
NOTES = (
    "each is left out by itself: of two that can stand in for each other neither is needed alone",
    "without a lock nobody takes or releases it, and a statement that it made one step is cut into "
    "its accesses; an ignored test comes out either way; an atomic block is cut into its accesses",
    "a built-in rule counts as a property where the model keeps it: behind its violation an "
    "execution does not go on",
)


def render(answer: Answer, settings: str, width: int) -> str:
    """The report on one model or scenario."""
    title = answer.model + (f", scenario {answer.scenario}" if answer.scenario else "")
    lines = [*_fold(title + (f"; {settings}" if settings else ""), width), ""]
    for result in answer.base.results:
        why = f": {result.reason}" if result.reason and result.verdict not in PROOFS else ""
        lines += _fold(f"{result.verdict.value:<10} {result.name} ({result.scope}){why}", width, 11)
    rules = answer.to_json()["rules"]
    if rules:
        lines += _fold(f"{'also':<10} {', '.join(rules)}", width, 11)
    lines.append("")
    if not answer.proofs:
        return "\n".join([*lines, "nothing is proved, so there is no proof to ask about"])
    for sentence in sentences(answer):
        lines += _fold(sentence, width, 2)
    lines.append("")
    for need in ("needed", "not needed", "unknown"):
        rows = [row for row in answer.rows if row.need == need]
        if rows:
            lines += [f"{need} ({len(rows)}):", *(s for r in rows for s in _row(r, width)), ""]
    if answer.same:
        lines += _fold(_unchanged(answer.same), width)
    lines += _list("how to read it:", NOTES, width)
    lines += _list("assumptions:", answer.assumptions, width)
    return "\n".join(lines)


def sentences(answer: Answer) -> Iterator[str]:
    """What a maintainer wants to know, by kind: needed, not needed, atomic by assumption."""
    by_need = {n: [r for r in answer.rows if r.need == n] for n in ("needed", "not needed")}
    firm = {r.candidate.name for r in answer.rows if r.need in ("needed", "unknown")}
    others = [r for r in by_need["not needed"] if r.candidate.setting and r.candidate.name in firm]
    needed = _phrase(by_need["needed"])
    spare = _phrase([r for r in by_need["not needed"] if r not in others])
    yield f"The proof needs {needed or 'none of what was left out'}." + (
        f" It does not need {spare}." if spare else ""
    )
    if others:  # the switch matters, these values do as well
        values = (r.candidate.setting for r in others)
        yield f"It also holds with {', '.join(f'{v[0]}={word(v[1])}' for v in values if v)}."
    atomic = [r.candidate for r in by_need["needed"] if r.candidate.kind == "atomic"]
    atomic += [
        r.candidate for r in answer.rows if r.need == "unknown" and r.candidate.kind == "atomic"
    ]
    whole = dict.fromkeys(place for row in answer.rows for place in row.whole)
    if atomic or whole:
        names = ", ".join(dict.fromkeys(_short(c) for c in atomic)) or "no block"
        text = f"Atomic by assumption: {names}"
        if whole:
            text += f"; in the variants that cut a block or drop a lock, too: {', '.join(whole)}"
        yield f"{text}."
    finite = [r for r in by_need["not needed"] if not r.any_size]
    if finite and answer.base.proved is not None and answer.base.proved.any_size:
        scopes = dict.fromkeys(r.scope for r in finite)
        yield f"Of what is not needed, {len(finite)} only at {'; '.join(scopes)}."
    unknown = sum(r.need == "unknown" for r in answer.rows)
    if unknown:
        yield f"{unknown} of {sum(r.need != 'same' for r in answer.rows)} are not decided."


def _phrase(rows: Sequence[Row]) -> str:
    """The assumptions of some rows in one phrase; tests beyond a few are counted."""
    parts = list[str]()
    for kind, plural in _PLURALS.items():
        names = list(dict.fromkeys(_said(r) for r in rows if r.candidate.kind == kind))
        if not names:
            continue
        if kind == "test" and len(names) > _MOST_NAMED:
            parts.append(f"{len(names)} tests (below)")
            continue
        what = kind if len(names) == 1 and kind != "atomic" else plural
        what = "atomic block" if len(names) == 1 and kind == "atomic" else what
        parts.append(f"the {what} {', '.join(names)}")
    return "; ".join(parts)


def _said(row: Row) -> str:
    """An assumption; one that is not needed says so if part of it was left as it is."""
    partly = row.need == "not needed" and row.whole
    return _short(row.candidate) + (" (as far as it was cut)" if partly else "")


def _short(candidate: Candidate) -> str:
    """An assumption by its name, a test with the place where it stands."""
    src = candidate.src if candidate.kind in ("switch", "test") else ""
    where = src or (candidate.function if candidate.kind == "test" else "")
    return f"{candidate.name} ({where})" if where else candidate.name


def _row(row: Row, width: int) -> Iterator[str]:
    """The lines of one assumption."""
    what = row.candidate
    other = f", not {word(what.setting[1])}" if what.setting else ""
    yield from _fold(f"  {what.kind:<7} {what.name}{other}", width, 12)
    where = ""
    if what.span is not None:
        where = f"{what.function}, {basename(what.span.file)}:{what.span.line}"
    src = what.src if what.kind != "lock" else ""
    place = f"{where} ({src})" if where and src else where or src
    if place:
        yield from _fold(f"          {place}", width, 12)
    yield from _fold(f"          {_outcome(row)}", width, 12)
    if row.whole:
        yield from _fold(f"          still one step: {', '.join(row.whole)}", width, 12)


def _outcome(row: Row) -> str:
    if row.need == "unknown":
        return f"unknown: {row.reason}"
    if row.need == "needed":
        more = f"; {row.reason}" if row.reason else ""
        return f"without it {row.violates} is violated in {row.steps} steps ({row.scope}){more}"
    how = "proved without it" if row.any_size else "every state visited without it"
    return f"{how}: {row.scope}" + (f"; {row.reason}" if row.reason else "")


def _unchanged(number: int) -> str:
    if number == 1:
        return "1 more (a switch's other value, mostly) makes no difference to the system here"
    return f"{number} more (other values of switches, mostly) make no difference to the system here"


def _fold(line: str, width: int, hang: int = 2) -> list[str]:
    return wrap(line, width, subsequent_indent=" " * hang, break_on_hyphens=False)


def _list(title: str, items: Sequence[str], width: int) -> list[str]:
    return [title, *(s for item in items for s in _fold(f"  - {item}", width, 4))] if items else []
