"""The proof that the assumptions are asked about: which properties hold, for every size or some."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pagestate.check.request import Request
from pagestate.core.property import Property
from pagestate.core.verdict import PROOFS, Result, Verdict
from pagestate.needs.decide import Proved
from pagestate.run.interrupt import Interrupt
from pagestate.run.messages import Working
from pagestate.run.portfolio import Options, run

ASKED = ("always", "step")
"""The kinds of properties that this is about: what allows more may break them."""


@dataclass(frozen=True, slots=True)
class Base:
    """The answers about the model itself, and what of them is a proof (None: nothing is).

    ``errors`` are internal errors.
    """

    results: tuple[Result, ...]
    proved: Proved | None
    errors: tuple[str, ...] = ()


def prove_base(
    request: Request,
    watch: Callable[[Working], None],
    interrupt: Interrupt,
    timeout: float | None = None,
) -> Base:
    """Decide the properties of ``request``, and the built-in rules with them."""
    asked = tuple(p for p in request.properties if p.kind in ASKED)
    names = {p.name for p in asked}
    rules = tuple(p for p in request.compiled.properties if p.builtin and p.name not in names)
    both, results, errors = (*asked, *rules), dict[str, Result](), list[str]()
    if request.unbounded and any(p.kind == "always" for p in asked):
        first = tuple(p for p in both if p.kind == "always")
        _run(request, first, "parametric", watch, interrupt, timeout, results, errors)
    left = tuple(p for p in both if not _settled(results.get(p.name)))
    if left and not interrupt.wanted and not errors:
        finite = replace(request, unbounded=frozenset())
        _run(finite, left, "explicit", watch, interrupt, timeout, results, errors)
    found = tuple(r for p in asked if (r := results.get(p.name)) is not None)
    proofs = {r.name: r for r in results.values() if r.verdict in PROOFS}
    if not names & set(proofs):
        return Base(found, None, tuple(errors))
    for_all = frozenset(n for n, r in proofs.items() if r.verdict == Verdict.PROVED)
    broken = frozenset(p.name for p in both if p.builtin and p.name not in proofs)
    wanted = names | {p.name for p in rules}
    proved = Proved(request, for_all & wanted, frozenset(proofs) - for_all, broken)
    return Base(found, proved, tuple(errors))


def _run(
    request: Request,
    properties: Sequence[Property],
    engine: str,
    watch: Callable[[Working], None],
    interrupt: Interrupt,
    timeout: float | None,
    results: dict[str, Result],
    errors: list[str],
) -> None:
    asked = replace(request, properties=tuple(properties))
    outcome = run(asked, Options(engine, timeout=timeout), watch, interrupt=interrupt)
    results.update({r.name: r for r in outcome.results})
    errors += outcome.errors


def _settled(result: Result | None) -> bool:
    return result is not None and result.verdict in PROOFS | {Verdict.VIOLATED}
