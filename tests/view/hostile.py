"""Names that try to be more than names."""

from dataclasses import replace

from pagestate.core.trace import Trace, VarInfo

from . import samples

TEXTS = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'`><b>&amp;&lt;",
    "a\x00b\x1b[31mc\u202ed\u2028e\ud800f",
    "<!--<script>",
    "]]>;#%%\\l\n\nloop x\nend",
    "{{7*7}}${x}\\u003c",
    '"""\nimport os\n"""',
)


def trace() -> Trace:
    """The race of 2019 with such names in every place of a trace that holds a text."""
    one, two, three, four, five, six, seven, eight = TEXTS
    base = samples.race_2019()
    named = {"refcount": one, "offline": two, "buddy": six}
    variables = tuple(
        VarInfo(named.get(v.name, v.name), v.dims, v.sort, v.thread, v.control, v.ghost)
        for v in base.variables
    )
    states = tuple(
        {(named.get(c[0], c[0]), c[1]): v for c, v in state.items()} for state in base.states
    )
    states = tuple({**s, ("unplug_pc", ()): TEXTS[n % 8]} for n, s in enumerate(states))
    steps = tuple(
        replace(
            s,
            text=TEXTS[n % 8],
            calls=(three, TEXTS[(n + 3) % 8]),
            src=four,
            note=five if n == 2 else "",
            label=six,
            action=seven,
            thread=s.thread if n % 2 else eight,
            picks={"page": 0, seven: one},
        )
        for n, s in enumerate(base.steps)
    )
    return replace(
        base,
        model=one,
        property=eight,
        title=three + two,
        engine=four,
        switches={six: five, two: True},
        variables=variables,
        states=states,
        steps=steps,
        meta={"violation": one + eight},
    )
