"""The assumptions of a model that may matter, and the variant of the model without each.

They are the locks that some step takes; the switches that steps or properties look at, with every
other value; the tests of the source whose outcome varies; and the functions and blocks that are
one step though they touch several cells, or one cell several times.
"""

import linecache
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from pagestate.check.request import Request
from pagestate.core.span import Span
from pagestate.lang.changes import NOTHING, Changes, Place
from pagestate.lang.compile import Compiled, compile_model
from pagestate.lang.layout import layout_of

Kind: TypeAlias = Literal["lock", "atomic", "test", "switch"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """One assumption: ``name`` says it in short, ``changes`` or ``setting`` leave it out.

    ``function`` is where a test or block stands and ``src`` the kernel function; ``setting`` is the
    switch and its other value.
    """

    kind: Kind
    name: str
    function: str = ""
    src: str = ""
    span: Span | None = None
    changes: Changes = NOTHING
    setting: tuple[str, bool | str | int] | None = None


def candidates(request: Request, kinds: tuple[Kind, ...] = KINDS) -> tuple[Candidate, ...]:
    """The assumptions of a request, locks first, the rest in the order of the source."""
    makers = {"lock": _locks, "switch": _switches, "test": _places, "atomic": _places}
    found = list[Candidate]()
    for kind in (k for k in KINDS if k in kinds):
        found += [c for c in makers[kind](request.compiled) if c.kind == kind]
    return tuple(found)


def _locks(compiled: Compiled) -> Iterator[Candidate]:
    taken = {a.takes.removesuffix("(read)") for a in compiled.system.actions} - {""}
    for name, info in layout_of(compiled.model).locks.items():
        if name in taken:
            yield Candidate("lock", name, src=info.doc, changes=Changes(unlocked=frozenset({name})))


def _switches(compiled: Compiled) -> Iterator[Candidate]:
    for switch in compiled.model.declared_switches():
        if switch.name not in compiled.switches:  # nobody asks for it
            continue
        for value in switch.choices:
            if value != compiled.valuation[switch.name]:
                name = f"{switch.name}={word(compiled.valuation[switch.name])}"
                yield Candidate("switch", name, src=switch.src, setting=(switch.name, value))


def _places(compiled: Compiled) -> Iterator[Candidate]:
    for place in compiled.places:
        here, at = place, frozenset({place.span})
        if here.kind == "test":
            name, changes = source_text(here), Changes(ignored=at)
            yield Candidate("test", name, here.function, here.src, here.span, changes)
        elif here.kind == "atomic":
            name, changes = source_text(here), Changes(cut=at)
            yield Candidate("atomic", name, here.function, here.src, here.span, changes)


def word(value: bool | str | int) -> str:
    """The value of a switch as it is written on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def source_text(place: Place) -> str:
    """What stands at a place: a test as it is written, a function's name, a block's first line."""
    span = place.span
    lines = [linecache.getline(span.file, n) for n in range(span.line, span.end_line + 1)]
    first = lines[0].strip()
    if place.kind == "atomic":
        block = first.removeprefix("with ").rstrip(":")
        return f"{place.function}()" if first.startswith("def ") else block
    if not lines[-1]:
        return place.function
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    text = " ".join(" ".join(lines).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def variant(request: Request, candidate: Candidate) -> Request:
    """The request without an assumption: all properties that the variant has.

    Raises ModelError where the variant is outside the language.
    """
    compiled = request.compiled
    valuation = dict(compiled.valuation)
    if candidate.setting is not None:
        valuation[candidate.setting[0]] = candidate.setting[1]
    model = replace(compiled.model, changes=candidate.changes)
    made = compile_model(model, valuation)
    names = [s.name for s in made.system.sorts]
    sizes = {n: request.sizes.get(n, model.sizes.get(n, 2)) for n in names}
    unbounded = frozenset(n for n in names if n in request.unbounded)
    if request.unbounded:
        new = {s.name for s in made.system.sorts if s.name not in request.sizes and not s.ordered}
        unbounded |= new
    return replace(
        request, compiled=made, properties=made.properties, sizes=sizes, unbounded=unbounded
    )


def is_same(one: Compiled, other: Compiled) -> bool:
    """Whether two valuations or variants make the same system with the same properties."""
    return one.system == other.system and one.properties == other.properties
