"""The matrix as text and as Markdown."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from pagestate.core.verdict import Verdict
from pagestate.matrix.table import Cell, Matrix, worst

_SHORT = {
    Verdict.VACUOUS.value: "vac",
    Verdict.UNKNOWN.value: "?",
    Verdict.BOUNDED.value: "<=k",
    "holds": "ok",
    "": "-",
}
LEGEND = (
    "ok: holds in every scenario that looks at it; a number: violated, the steps of the shortest "
    "counterexample; -: no scenario looks at it; ?: not decided; vac: cannot happen; "
    "!: not as the model expects"
)


def short(cells: Sequence[Cell]) -> str:
    """A property of a model in a few characters."""
    verdict = worst(cells)
    if verdict == Verdict.VIOLATED.value:
        lengths = [c.steps for c in cells if c.verdict == verdict and c.steps is not None]
        text = str(min(lengths)) if lengths else "FAIL"
    else:
        text = _SHORT[verdict]
    return text + ("!" if any(unexpected(c) for c in cells) else "")


def unexpected(cell: Cell) -> bool:
    """Whether a verdict is not what its model expects: that it holds, unless it says otherwise."""
    holds = cell.verdict in (Verdict.PROVED.value, Verdict.EXHAUSTED.value)
    if cell.expected is None:
        return not holds
    if cell.expected in (Verdict.PROVED.value, Verdict.EXHAUSTED.value):
        return not holds
    return cell.verdict != cell.expected


def text(matrix: Matrix, width: int) -> str:
    """Properties as rows, models as columns, and then every cell that is not as expected.

    As many columns side by side as ``width`` has room for.
    """
    names = matrix.properties()
    wide = max((len(n) for n in names), default=0)
    lines = list[str]()
    for models in _side_by_side(matrix.models, width - wide - 1):
        head = " ".join(f"{m:>4}" for m in models)
        lines.append(f"{'':<{wide}}  {head}")
        for name in names:
            row = " ".join(f"{short(matrix.of(m, name)):>{max(len(m), 4)}}" for m in models)
            lines.append(f"{name:<{wide}}  {row}")
        lines.append("")
    lines += wrap(LEGEND, width)
    odd = [c for c in matrix.cells if unexpected(c)]
    if odd:
        lines += ["", "not as expected:", *(f"  {_where(c)}: {_found(c)}" for c in odd)]
    return "\n".join(lines)


def _side_by_side(models: Sequence[str], room: int) -> Iterator[list[str]]:
    group, used = list[str](), 0
    for model in models:
        needs = max(len(model), 4) + 1
        if group and used + needs > room:
            yield group
            group, used = [], 0
        group.append(model)
        used += needs
    if group:
        yield group


def markdown(matrix: Matrix, command: str) -> str:
    """A page: the table, then each model with its scenarios, what is violated there and why."""
    return "\n".join(_page(matrix, command)) + "\n"


def _page(matrix: Matrix, command: str) -> Iterator[str]:
    yield "# The verdict matrix"
    yield ""
    yield f"Made by `{command}`; do not edit. {LEGEND[0].upper()}{LEGEND[1:]}."
    yield ""
    yield f"| | {' | '.join(f'`{m}`' for m in matrix.models)} |"
    yield f"|---|{'---|' * len(matrix.models)}"
    for name in matrix.properties():
        title = next(c.title for c in matrix.cells if c.property == name)
        row = " | ".join(short(matrix.of(m, name)) for m in matrix.models)
        yield f"| {_label(title)}`{name}` | {row} |"
    for model in matrix.models:
        yield from _model(model, [c for c in matrix.cells if c.model == model])


def _model(model: str, cells: Sequence[Cell]) -> Iterator[str]:
    yield ""
    yield f"## {model}"
    yield ""
    yield "| scenario | sizes | states | holds | violated (steps) | goals (steps) |"
    yield "|---|---|---|---|---|---|"
    for scenario in dict.fromkeys(c.scenario for c in cells):
        mine = [c for c in cells if c.scenario == scenario]
        rules = [c for c in mine if not c.goal]
        bad = [c for c in rules if c.verdict == Verdict.VIOLATED.value]
        open_ones = [c for c in mine if c.verdict in (Verdict.UNKNOWN.value, Verdict.BOUNDED.value)]
        held = len(rules) - len(bad) - sum(not c.goal for c in open_ones)
        found = ", ".join(f"`{c.property}` {c.steps}" for c in bad)
        found += "".join(f"; `{c.property}` not decided" for c in open_ones)
        goals = ", ".join(
            f"`{c.property}` {c.steps if c.steps is not None else c.verdict}"
            for c in mine
            if c.goal
        )
        states = max((c.states or 0 for c in mine), default=0)
        scope = mine[0].scope
        yield f"| {scenario or '(all)'} | {scope} | {states:,} | {held} | {found} | {goals} |"
    reasons = dict[str, list[str]]()
    for c in cells:
        if c.why:
            reasons.setdefault(c.why, []).append(c.scenario)
    if reasons:
        yield ""
        for why, where in reasons.items():
            yield f"- {', '.join(dict.fromkeys(where))}: {why}"


def _label(title: str) -> str:
    head, colon, _ = title.partition(":")
    return f"{head} " if colon and len(head) <= 4 else ""


def _where(cell: Cell) -> str:
    return " ".join(p for p in (cell.model, cell.scenario, cell.property) if p)


def _found(cell: Cell) -> str:
    steps = f" in {cell.steps} steps" if cell.steps is not None else ""
    expected = f", expected: {cell.expected}" if cell.expected else ""
    return f"{cell.verdict}{steps}{expected}"
