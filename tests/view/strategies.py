"""Random traces, with names of any kind."""

from hypothesis import strategies as st

from pagestate.core.span import Span
from pagestate.core.trace import Step, Trace, VarInfo

NAMES = st.text(max_size=60) | st.sampled_from(["page", "get_page_unless_zero(page 0)", "a b"])
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
SIZE = 2


@st.composite
def variables(draw) -> tuple[VarInfo, ...]:
    names = draw(
        st.lists(
            st.text(max_size=20).filter(lambda n: not n.startswith(("#", "mbt::"))),
            unique=True,
            max_size=4,
        )
    )
    return tuple(
        VarInfo(
            name,
            tuple(draw(st.lists(st.sampled_from(["page", "getter"]), max_size=2))),
            draw(st.sampled_from(["bool", "count", "page or none", "state"])),
            draw(st.none() | st.sampled_from(["getter", "unplug"])),
            draw(st.booleans()),
            draw(st.booleans()),
        )
        for name in names
    )


def cells(infos: tuple[VarInfo, ...]) -> list[tuple[str, tuple[int, ...]]]:
    found: list[tuple[str, tuple[int, ...]]] = []
    for var in infos:
        indices: list[tuple[int, ...]] = [()]
        for _ in var.dims:
            indices = [(*i, n) for i in indices for n in range(SIZE)]
        found += [(var.name, i) for i in indices]
    return found


SPANS = st.builds(Span, NAMES, st.integers(), st.integers(), st.integers(), st.integers())
PICKS = st.dictionaries(NAMES, VALUES, max_size=2)
STEPS = st.builds(
    Step,
    thread=st.sampled_from(["getter", "unplug", "offliner"]) | NAMES,
    member=st.none() | st.integers(0, 2),
    action=NAMES,
    text=NAMES,
    calls=st.lists(NAMES, max_size=9).map(tuple),
    label=NAMES,
    target=NAMES,
    picks=PICKS,
    span=st.none() | SPANS,
    src=NAMES,
    note=NAMES,
    args=PICKS,
)


@st.composite
def traces(draw) -> Trace:
    infos = draw(variables())
    where = cells(infos)
    steps = tuple(draw(st.lists(STEPS, max_size=6)))
    state = st.fixed_dictionaries(dict.fromkeys(where, VALUES))
    return Trace(
        model=draw(NAMES),
        property=draw(NAMES),
        verdict=draw(st.sampled_from(["violated", "proved", "", "unknown"])),
        title=draw(NAMES),
        switches=draw(st.dictionaries(NAMES, VALUES, max_size=2)),
        sizes=draw(st.dictionaries(st.sampled_from(["page", "getter"]), st.integers(1, 9))),
        variables=infos,
        states=tuple(draw(state) for _ in range(len(steps) + 1)),
        steps=steps,
        engine=draw(NAMES),
        loop=draw(st.none() | st.integers(0, len(steps))),
        meta=draw(st.dictionaries(NAMES, NAMES, max_size=2)),
    )
