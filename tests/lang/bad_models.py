"""One bad model per diagnostic: code, the text that is wrong (its place is the caret's), message.

The marked place is the first occurrence of ``at`` behind the line ``# here``, or anywhere without
such a line; an empty ``at`` says that the message has no place.
"""

from dataclasses import dataclass

PRELUDE = """
class Colour(Enum):
    RED = 1
    BLUE = 2


class Memory(State):
    busy = per_page(bool, init=False)
    free = per_page(bool, init=True)
    refs = per_page(Count, init=0)
    owner = var(Page, init=None)
    colour = var(Colour, init=Colour.RED)
    ghost = per_page(bool, init=False, ghost=True)
    kept = var(bool, init=False)
    lock = mutex(guards=["kept"])


hook = switch("hook", True, "a switch")


@atomic
def get(m: Memory, page: Page) -> bool:
    if m.refs[page] == 0:
        return False
    m.refs[page] += 1
    return True


@inline
def put(m: Memory, page: Page) -> None:
    m.busy[page] = False
"""

END = """

model = Model("bad", state=Memory, threads=[t], switches=[hook], sizes={"page": 2})
"""


@dataclass(frozen=True)
class Bad:
    """A model text with one error; ``hint`` a piece of the hint (empty: no hint)."""

    code: str
    text: str
    at: str
    message: str
    hint: str = ""
    name: str = ""


def thread(body: str) -> str:
    """A model whose thread ``t`` has this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    head = "@thread(repeat=True)\ndef t(m: Memory, page: Page) -> None:\n    # here\n"
    return f"{PRELUDE}\n\n{head}{lines}\n{END}"


def around(before: str, end: str = END) -> str:
    """A model with an innocent thread and more declarations."""
    return (
        f"{PRELUDE}\n\n@thread(repeat=True)\ndef t(m: Memory, page: Page) -> None:\n"
        f"    m.busy[page] = True\n\n\n# here\n{before}\n{end}"
    )


BAD = [
    Bad("PS101", "def f(:\n    pass\n", ":", "invalid syntax"),
    Bad("PS102", "x = 1 // 0\n", "x = 1 // 0", "ZeroDivisionError"),
    Bad("PS103", "x = 1\n", "", "defines no model", "model = Model("),
    Bad(
        "PS104",
        around("other = Model('x', state=Memory, threads=[t])"),
        "",
        "more than one",
        "one model per file",
    ),
    Bad(
        "PS201", thread("assert m.busy[page]"), "assert m.busy[page]", "Assert", "docs/language.md"
    ),
    Bad("PS202", thread("m.busy[page] = [True][0]"), "[True][0]", "read"),
    Bad("PS202", thread("m.refs[page] = 2 * 3"), "2 * 3", "BinOp", "docs/language.md"),
    Bad(
        "PS203",
        thread("if m.busy[page] and m.free[page]:\n    m.busy[page] = False"),
        "m.busy[page] and m.free[page]",
        "busy, free",
        "@atomic",
    ),
    Bad(
        "PS203",
        thread("m.refs[page] += 1"),
        "m.refs[page] += 1",
        "more than one shared cell",
        "split",
    ),
    Bad("PS204", thread("m.busy[page] = bussy"), "bussy", "unknown name 'bussy'"),
    Bad(
        "PS204",
        thread("gett(m, page)"),
        "gett",
        "unknown function 'gett'",
        "did you mean 'get'",
    ),
    Bad(
        "PS204",
        thread("if gett(m, page):\n    put(m, page)"),
        "gett",
        "unknown function 'gett'",
        "did you mean 'get'",
    ),
    Bad("PS202", thread("print(page)"), "print(page)", "outside the language", "docs/language.md"),
    Bad(
        "PS202",
        thread("plain(m, page)").replace(
            "@thread(", "def plain(m: Memory, page: Page) -> None:\n    pass\n\n\n@thread("
        ),
        "plain(m, page)",
        "plain() is a plain Python function",
        "@inline",
    ),
    Bad(
        "PS205",
        thread("m.bussy[page] = True"),
        "m.bussy[page]",
        "no field 'bussy'",
        "did you mean 'busy'",
    ),
    Bad("PS206", thread("m.busy[page] = 1"), "m.busy[page]", "int"),
    Bad(
        "PS206",
        thread("if m.refs[page]:\n    m.busy[page] = True"),
        "m.refs[page]",
        "must be a bool",
        "compare it",
    ),
    Bad(
        "PS206",
        thread("word = 'no'\nif m.busy[page]:\n    word = 'yes'\nm.busy[page] = word == 'yes'"),
        "m.busy[page]",
        "'yes' and 'no': use an Enum",
    ),
    Bad(
        "PS206",
        thread("with atomic('x'):\n        word = 'no' if m.busy[page] else 'yes'"),
        "'no' if m.busy[page] else 'yes'",
        "one value is str",
        "use an Enum",
    ),
    Bad(
        "PS206",
        """
class Other(Enum):
    BLUE = 2
    RED = 1


Other.__name__ = "Colour"
"""
        + thread("# here\n    wait_until(m.colour == Other.RED)"),
        "m.colour == Other.RED",
        "two enumerations, both called Colour",
    ),
    Bad("PS206", thread("m.busy = True"), "m.busy", "needs an index"),
    Bad(
        "PS206",
        thread("k = m.refs[page]\nk = k - 1\nm.busy[page] = True\nm.refs[page] = k"),
        "k = m.refs[page]",
        "may be negative",
        "compare before",
    ),
    Bad(
        "PS207",
        thread("with atomic():\n    put(m, page)"),
        "put(m, page)",
        "@inline",
        "make it @atomic",
    ),
    Bad(
        "PS207",
        thread("with atomic():\n    m.busy[page] = True\n    wait_until(m.free[page])"),
        "m.free[page]",
        "come first",
    ),
    Bad(
        "PS208",
        around(
            "@inline\ndef again(m: Memory) -> None:\n    m.owner = None\n    again(m)\n\n\n"
            "@thread()\ndef u(m: Memory) -> None:\n    again(m)\n",
            END.replace("[t]", "[u]"),
        ),
        "again(m)\n\n",
        "again calls itself",
    ),
    Bad(
        "PS209",
        thread("while m.busy[page]:\n    m.free[page] = True\nelse:\n    m.busy[page] = False"),
        "m.busy[page] = False",
        "else",
    ),
    Bad(
        "PS209",
        thread("with atomic():\n    for p in m.pages:\n        m.busy[page] = True"),
        "m.busy[page]",
        "own index",
    ),
    Bad(
        "PS209",
        thread(
            "with atomic():\n    for p in m.pages:\n"
            "        m.busy[p] = all(m.busy[q] for q in m.pages)"
        ),
        "m.busy[q]",
        "another one",
        "before the loop",
    ),
    Bad(
        "PS210",
        thread("if m.busy[page] and get(m, page):\n    m.free[page] = True"),
        "get(m, page)",
        "only if an earlier part",
        "nested ifs",
    ),
    Bad("PS211", thread("m.ghost[page] = True"), "m.ghost[page]", "ghost", "@atomic"),
    Bad(
        "PS211",
        thread("with atomic():\n    m.busy[page] = m.ghost[page]"),
        "m.ghost[page]",
        "cannot read",
    ),
    Bad("PS212", thread("m.kept = True"), "m.kept", "'lock', which is not held", "take 'lock'"),
    Bad("PS213", thread("m.free[page] = k\nk = True"), "k\n", "before it has a value"),
    Bad(
        "PS213",
        thread("if m.busy[page]:\n    k = True\nm.free[page] = k"),
        "",
        "before it has a value",
    ),
    Bad(
        "PS214", thread("if page < page:\n    m.busy[page] = True"), "page < page", "no order", "=="
    ),
    Bad(
        "PS215",
        thread("k = True\nwhile k:\n    pass"),
        "k = True",
        "without taking a step",
        "shared state",
    ),
    Bad(
        "PS216",
        around(
            "@always('x')\ndef wrong(m: Memory) -> bool:\n    for p in m.pages:\n"
            "        if m.busy[p]:\n            return False\n    return True\n",
            END.replace("sizes", "properties=[wrong], sizes"),
        ),
        "def wrong",
        "one return",
        "all(",
    ),
    Bad(
        "PS216",
        around(
            "@always('x')\ndef wrong(m: Memory) -> bool:\n"
            "    return m.owner is None or m.busy[m.owner]\n",
            END.replace("sizes", "properties=[wrong], sizes"),
        ),
        "m.owner]",
        "member of a quantifier",
        "all(",
    ),
    Bad(
        "PS217",
        thread("with atomic():\n    k = choose(m.pages); k = choose(m.pages)"),
        "choose(m.pages)\n",
        "made twice in one step",
    ),
    Bad("PS218", thread("get(m)"), "get(m)", "takes the state and 1 more"),
    Bad("PS218", thread("expect_dead()"), "expect_dead()", "the reason", "why nobody"),
    Bad("PS218", thread("expect_dead('')"), "expect_dead('')", "the reason", "why nobody"),
    Bad("PS218", thread("get(m, page=page)"), "page)", "by position", "order"),
    Bad(
        "PS219",
        around(
            "scope = {'Memory': Memory}\nexec('def gone(m: Memory) -> bool: return True', scope)\n",
            END.replace("sizes", "properties=[always('x')(scope['gone'])], sizes"),
        ),
        "",
        "no source for gone",
    ),
    Bad(
        "PS302",
        around(
            "hook2 = switch('hook2', 'a', 'm', choices=['a', 'b'])\n",
            END.replace("[hook]", "[hook, hook2], expect=[]"),
        ),
        "",
        "cannot be 'c'",
        "one of: a, b",
    ),
    Bad(
        "PS305",
        around(
            "class Other(State):\n    gone = var(bool, init=False)\n\n\n"
            "@always('x')\ndef wrong(m: Other) -> bool:\n    return m.gone\n",
            END.replace("sizes", "properties=[wrong], sizes"),
        ),
        "m.gone",
        "does not fit model bad",
        "",
    ),
    Bad(
        "PS306",
        around("", END.replace("sizes", "expect=[Expect('gone', 'proved', 'r')], sizes")),
        "",
        "'gone'",
    ),
    Bad(
        "PS307",
        around("", END.replace("[t]", "[t, t]")),
        "model = Model",
        "thread 't' is declared twice",
    ),
    Bad(
        "PS307",
        around(
            "@always('x')\ndef in_range(m: Memory) -> bool:\n    return True\n",
            END.replace("sizes", "properties=[in_range], sizes"),
        ),
        "model = Model",
        "the name of a built-in rule",
        "no_underflow, in_range",
    ),
    Bad(
        "PS308",
        around(
            "class Wrong(State):\n    n = var(int, init=0)\n",
            END.replace("state=Memory", "state=Wrong"),
        ),
        "",
        "is not a sort",
        "Count",
    ),
    Bad(
        "PS308",
        around(
            "class Wrong(State):\n    n = var(Count, init=-1)\n",
            END.replace("state=Memory", "state=Wrong"),
        ),
        "",
        "the initial value of 'n' is out of range: -1",
    ),
    Bad(
        "PS308",
        around(
            "class Wrong(State):\n    n = var(Range(1, 3), init=4)\n",
            END.replace("state=Memory", "state=Wrong"),
        ),
        "",
        "the initial value of 'n' is out of range: 4",
    ),
    Bad(
        "PS308",
        around(
            "class Wrong(State):\n    n = var(Range(1, 3), init=0)\n",
            END.replace("state=Memory", "state=Wrong"),
        ),
        "",
        "the initial value of 'n' is out of range: 0",
    ),
    Bad(
        "PS308",
        around("@always\ndef p(m: Memory) -> bool:\n    return True\n"),
        "",
        "@always takes a title",
        '@always("what holds")',
    ),
    Bad(
        "PS308",
        around("@always('x')\ndef p(m: Memory, n: Memory) -> bool:\n    return True\n"),
        "",
        "p is a property of kind always: it takes the state",
    ),
    Bad(
        "PS308",
        around("@step('x')\ndef p(m: Memory) -> bool:\n    return True\n"),
        "",
        "it takes the state before and after a step",
    ),
    Bad(
        "PS308",
        around("def plain(m: Memory) -> None:\n    pass\n", END.replace("[t]", "[plain]")),
        "model = Model",
        "plain is no thread",
        "@thread",
    ),
    Bad(
        "PS310",
        around(
            "@thread\ndef u(m: Memory) -> None:\n    m.kept = m.kept\n",
            END.replace("sizes", "scenarios=[\n    Scenario('one', 'it', [u])], sizes"),
        ),
        "    Scenario('one'",
        "scenario one names thread 'u', which the model has not",
        "there are: t",
    ),
    Bad(
        "PS311",
        around(
            "@always('x')\ndef p(m: Memory) -> bool:\n    return True\n",
            END.replace(
                "sizes",
                "properties=[p], scenarios=[Scenario('one', 'it', [t], properties=[])], sizes",
            ),
        ),
        "model = Model",
        "no scenario has property 'p'",
        "leave it out",
    ),
]
"""The codes PS100, PS301, PS303, PS304 and PS309 come from the command line: see the tests."""
