"""One tiny model per rule of docs/semantics.md; its verdicts are what the rule says."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Litmus:
    """``body`` declares everything but the model; ``verdicts`` names all its properties."""

    rule: str
    body: str
    verdicts: Mapping[str, str]
    threads: str = "t, u"
    more: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    scenario: str = ""

    @property
    def text(self) -> str:
        """The text of the model."""
        declared = ", ".join(n for n in self.verdicts if f"def {n}(" in self.body)
        more = (
            self.more if "sizes" in self.more else f"{self.more}, sizes={{'page': 2}}".lstrip(", ")
        )
        return (
            f"{self.body}\n\nmodel = Model('litmus', state=M, threads=[{self.threads}], "
            f"properties=[{declared}], {more})\n"
        )


TWO = """
class M(State):
    x = var(Count, init=0)
    y = var(Count, init=0)
    f = per_page(bool, init=False)
    g = per_page(bool, init=False)
"""


def state(*lines: str) -> str:
    return TWO + "".join(f"    {line}\n" for line in lines)


def prop(name: str, condition: str, kind: str = "always") -> str:
    return f"\n@{kind}('{name}')\ndef {name}(m: M) -> bool:\n    return {condition}\n"


def fn(
    name: str, *lines: str, deco: str = "@thread()", args: str = "", result: str = "None"
) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n{deco}\ndef {name}(m: M{args}) -> {result}:\n{body}"


PAGE = ", page: Page"
LOCKS = ("mu = mutex(guards=['f', 'g'])", "spin = spinlock()", "sem = rwsem()")

LITMUS = [
    Litmus(
        "S1",
        TWO + fn("t", "m.x = 1", "m.y = 1") + prop("between", "m.x == 1 and m.y == 0", "reachable"),
        {"between": "exhausted"},
        "t",
    ),
    Litmus(
        "S2",
        TWO
        + fn("t", "a = m.x", "m.x = a + 1")
        + fn("u", "b = m.x", "m.x = b + 1")
        + prop("lost", "m.x == 2 or at_least(m)").replace("at_least(m)", "True")
        + prop("both", "m.x == 2", "reachable")
        + prop("never_three", "m.x <= 2"),
        {"lost": "exhausted", "both": "exhausted", "never_three": "exhausted"},
    ),
    Litmus(
        "S3",
        TWO
        + fn("t", "a = m.x", "b = a + 1", "c = b + 1", "m.y = c")
        + fn("u", "m.x = 1")
        + prop("two", "m.y != 3", "always")
        + prop("sees", "m.y == 3", "reachable"),
        {"two": "violated", "sees": "exhausted"},
    ),
    Litmus(  # a test of locals alone is no step: nothing can come between reading x and writing y
        "S3",
        TWO
        + fn("t", "flag = m.x == 0", "if flag and m.y == 0:", "    m.y = 1", "m.x = 2")
        + prop("two_steps_if_false", "m.y == 1 or m.x == 0", "always"),
        {"two_steps_if_false": "exhausted"},
        "t",
    ),
    Litmus(  # the choice is made with the step behind it: never committed to a page that blocks
        "S4",
        TWO
        + fn("t", "p = choose(m.pages)", "wait_until(m.f[p])", "m.x = 1")
        + fn("u", "m.f[page] = True", args=PAGE)
        + prop("gets_there", "m.x == 1", "reachable"),
        {"gets_there": "exhausted"},
    ),
    Litmus(
        "S4",
        TWO
        + fn("t", "p = choose(q for q in m.pages if m.f[q])", "m.x = 1")
        + prop("blocks_for_ever", "m.x == 0"),
        {"blocks_for_ever": "exhausted"},
        "t",
    ),
    Litmus(
        "S5",
        TWO
        + fn("t", "m.f[page] = True", "m.f[page] = False", args=PAGE, deco="@thread(repeat=True)")
        + prop("one_page", "count(m.f[p] for p in m.pages) <= 1")
        + prop("any_page", "all(not m.f[p] for p in m.pages)"),
        {"one_page": "exhausted", "any_page": "violated"},
        "t",
    ),
    Litmus(
        "S6",
        TWO
        + fn(
            "inc",
            "m.x += 1",
            "if m.x == 2:",
            "    return True",
            "return False",
            deco="@atomic",
            result="bool",
        )
        + fn("t", "inc(m)")
        + fn("u", "if inc(m):", "    m.y = 1")
        + prop("never_lost", "m.x <= 2")
        + prop("second_is_told", "m.y == 1", "reachable"),
        {"never_lost": "exhausted", "second_is_told": "exhausted"},
    ),
    Litmus(
        "S7",
        TWO
        + fn("two", "m.x = 1", "m.y = 1", deco="@inline")
        + fn("t", "two(m)")
        + prop("preempted", "m.x == 1 and m.y == 0", "reachable"),
        {"preempted": "exhausted"},
        "t",
    ),
    Litmus(
        "S8",
        TWO
        + fn("t", "with atomic():", "    m.x = 1", "    m.y = m.x")
        + prop("together", "m.x == m.y"),
        {"together": "exhausted"},
        "t",
    ),
    Litmus(
        "S9",
        TWO
        + fn("t", "wait_until(m.x == 1)", "m.y = 1")
        + fn("u", "m.x = 1")
        + prop("waits", "m.y == 0 or m.x == 1")
        + prop("wakes", "m.y == 1", "reachable"),
        {"waits": "exhausted", "wakes": "exhausted"},
    ),
    Litmus(
        "S10",
        state(*LOCKS)
        + fn("t", "mutex_lock(m.mu)", "m.x = 1", "m.x = 0", "mutex_unlock(m.mu)")
        + fn("u", "mutex_lock(m.mu)", "m.y = 1", "m.y = 0", "mutex_unlock(m.mu)")
        + prop("exclusive", "m.x == 0 or m.y == 0"),
        {"exclusive": "exhausted"},
    ),
    Litmus(
        "S10",
        state(*LOCKS)
        + fn("t", "mutex_lock(m.mu)", "mutex_lock(m.mu)", "m.x = 1")
        + prop("deadlock", "m.x == 0"),
        {"deadlock": "exhausted", "lock_rules": "exhausted"},
        "t",
    ),
    Litmus(
        "S11",
        state(*LOCKS) + fn("t", "mutex_unlock(m.mu)"),
        {"lock_rules": "violated"},
        "t",
    ),
    Litmus(
        "S11",
        state(*LOCKS)
        + fn(
            "t",
            "spin_lock(m.spin)",
            "mutex_lock(m.mu)",
            "mutex_unlock(m.mu)",
            "spin_unlock(m.spin)",
        ),
        {"lock_rules": "violated"},
        "t",
    ),
    Litmus("S11", state(*LOCKS) + fn("t", "spin_lock(m.spin)"), {"lock_rules": "violated"}, "t"),
    Litmus(  # two readers at once, no reader beside a writer, and none past a queued writer
        "S12",
        state(*LOCKS)
        + fn(
            "t",
            "down_read(m.sem)",
            "m.x += 1",
            "m.x -= 1",
            "up_read(m.sem)",
            deco="@thread(replicated=True)",
        )
        .replace("m.x += 1", "grow(m)")
        .replace("m.x -= 1", "shrink(m)")
        .replace(
            "\n@thread",
            fn("grow", "m.x += 1", deco="@atomic")
            + fn("shrink", "m.x -= 1", deco="@atomic")
            + "\n@thread",
        )
        + fn("u", "down_write(m.sem)", "m.y = 1", "m.y = 0", "up_write(m.sem)")
        + prop("two_readers", "m.x == 2", "reachable")
        + prop("exclusive", "m.x == 0 or m.y == 0"),
        {"two_readers": "exhausted", "exclusive": "exhausted", "no_underflow": "exhausted"},
        more="sizes={'t': 2}",
    ),
    Litmus(
        "S13",
        state(*LOCKS)
        + fn(
            "t",
            "mutex_lock(m.mu)",
            "m.f[page] = not m.f[page] and not m.g[page]",
            "mutex_unlock(m.mu)",
            args=PAGE,
        )
        + prop("set_once", "any(m.f[p] for p in m.pages)", "reachable"),
        {"set_once": "exhausted"},
        "t",
    ),
    Litmus(  # every iteration is a step, in any order, every member once
        "S14",
        TWO
        + fn("t", "for p in m.pages:", "    m.f[p] = True", "m.x = 1")
        + prop("half", "count(m.f[p] for p in m.pages) == 1", "reachable")
        + prop("all_of_them", "m.x == 0 or all(m.f[p] for p in m.pages)"),
        {"half": "exhausted", "all_of_them": "exhausted"},
        "t",
    ),
    Litmus(  # a loop entered again visits all members again
        "S14",
        TWO
        + fn(
            "t",
            "k = 0",
            "while k < 2:",
            "    for p in m.pages:",
            "        if k == 0:",
            "            m.f[p] = True",
            "        else:",
            "            m.g[p] = True",
            "    k = k + 1",
            "m.x = 1",
        )
        + prop("twice", "m.x == 0 or all(m.f[p] and m.g[p] for p in m.pages)")
        + prop("ends", "m.x == 1", "reachable"),
        {"twice": "exhausted", "ends": "exhausted"},
        "t",
    ),
    Litmus(
        "S15",
        TWO
        + fn(
            "t",
            "with atomic():",
            "    for p in m.pages:",
            "        m.f[p] = not m.g[p]",
            "        m.g[p] = m.f[p]",
        )
        + prop("at_once", "count(m.f[p] for p in m.pages) != 1")
        + prop("in_turn", "all(m.f[p] == m.g[p] for p in m.pages)"),
        {"at_once": "exhausted", "in_turn": "exhausted"},
        "t",
    ),
    Litmus(
        "S16",
        TWO
        + fn("t", "a = m.x", "m.y = a", deco="@thread(replicated=True)")
        + fn("u", "m.x = 1")
        + prop("stale", "m.x == 1 and m.y == 0", "reachable")
        + prop("own", "m.y <= m.x"),
        {"stale": "exhausted", "own": "exhausted"},
        more="sizes={'t': 2}",
    ),
    Litmus(
        "S17",
        TWO
        + fn("inc", "if m.x < 2:", "    m.x += 1", deco="@atomic")
        + fn("t", "inc(m)", deco="@thread(repeat=True)")
        + fn("once", "if m.y < 2:", "    m.y += 1", deco="@atomic")
        + fn("u", "once(m)")
        + prop("again", "m.x == 2", "reachable")
        + prop("only_once", "m.y <= 1"),
        {"again": "exhausted", "only_once": "exhausted"},
    ),
    Litmus(  # the step does not happen, and nothing happens after it
        "S18",
        TWO
        + fn("t", "dec(m)").replace(
            "\n@thread", fn("dec", "m.y = 1", "m.x -= 1", deco="@atomic") + "\n@thread", 1
        )
        + fn("u", "m.x = 1")
        + prop("halts", "m.y == 0 or m.x == 0"),
        {"no_underflow": "violated", "halts": "exhausted"},
    ),
    Litmus(
        "S18",
        state("r = var(Range(0, 1), init=0)") + fn("t", "m.r = 2"),
        {"in_range": "violated"},
        "t",
    ),
    Litmus(
        "S18",
        TWO + fn("t", "bug_on(m.x == 1)", "m.y = 1") + fn("u", "m.x = 1"),
        {"no_crash": "violated"},
    ),
    Litmus(
        "S18",
        state("cur = var(Page, init=None)")
        + fn("t", "q = m.cur", "m.f[q] = True")
        + fn("u", "m.cur = page", args=PAGE)
        + prop("fine_too", "any(m.f[p] for p in m.pages)", "reachable"),
        {"no_crash": "violated", "fine_too": "exhausted"},
    ),
    Litmus(
        "S18",
        state("cur = var(Page, init=None)")
        + fn(
            "t",
            "q = m.cur",
            "if q is not None and m.f[q]:",
            "    m.x = 1",
            deco="@thread(repeat=True)",
        )
        + fn("u", "m.cur = page", "m.f[page] = True", args=PAGE)
        + prop("guarded", "m.x == 1", "reachable"),
        {"guarded": "exhausted", "no_crash": "exhausted"},
    ),
    Litmus(
        "S19",
        TWO + fn("t", "warn_on(m.x == 0)", "m.y = 1") + prop("goes_on", "m.y == 1", "reachable"),
        {"goes_on": "exhausted"},
        "t",
    ),
    Litmus(
        "S28",
        TWO
        + fn("t", "if m.x == 0:", "    expect_dead('it is')", "    m.y = 1")
        + prop("goes_on", "m.y == 1", "reachable"),
        {"goes_on": "exhausted"},
        "t",
    ),
    Litmus(
        "S20",
        state("ghost = var(Count, init=0, ghost=True)")
        + fn("t", "with atomic():", "    m.x = 1", "    m.ghost += 1")
        + prop("ghosts_in_properties", "m.ghost == m.x"),
        {"ghosts_in_properties": "exhausted"},
        "t",
    ),
    Litmus(
        "S21",
        "\nhook = switch('hook', True, 'test first')\n"
        + TWO
        + fn("t", "if hook and m.x == 0:", "    m.y = 1")
        + prop("tested", "m.y == 0"),
        {"tested": "violated"},
        "t",
        "switches=[hook]",
    ),
    Litmus(
        "S21",
        "\nhook = switch('hook', True, 'test first')\n"
        + TWO
        + fn("t", "if hook and m.x == 0:", "    m.y = 1")
        + prop("tested", "m.y == 0"),
        {"tested": "exhausted"},
        "t",
        "switches=[hook]",
        {"hook": "false"},
    ),
    Litmus(
        "S22",
        state("d = per_page(bool, init=free())")
        + fn("t", "m.x = 1")
        + "\n\ndef start(m: M) -> bool:\n    return any(m.d[p] for p in m.pages)\n"
        + prop("some", "any(m.d[p] for p in m.pages)")
        + prop("all_", "all(m.d[p] for p in m.pages)")
        + prop("every_start", "count(m.d[p] for p in m.pages) == 2", "reachable"),
        {"some": "exhausted", "all_": "violated", "every_start": "exhausted"},
        "t",
        "init=start",
    ),
    Litmus(
        "S23",
        TWO
        + fn("t", "m.x = 1", "m.x = 0")
        + "\n@step('grows')\ndef grows(before: M, after: M) -> bool:\n"
        + "    return before.x <= after.x\n"
        + prop("gone", "m.x == 2", "reachable")
        + prop("small", "m.x <= 1"),
        {"grows": "violated", "gone": "vacuous", "small": "exhausted"},
        "t",
    ),
    Litmus(
        "S24",
        TWO
        + fn("inc", "m.x += 1", deco="@atomic")
        + fn("t", "inc(m)", deco="@thread(repeat=True)")
        + prop("small", "m.x <= 2")
        + prop("tiny", "m.x <= 9"),
        {"small": "violated", "tiny": "unknown"},
        "t",
    ),
    Litmus(  # which page is which does not matter: three states up to names, not five
        "S25",
        TWO
        + fn("t", "m.f[page] = True", args=PAGE, deco="@thread(repeat=True)")
        + prop("one", "count(m.f[p] for p in m.pages) == 1", "reachable")
        + prop("all_", "all(m.f[p] for p in m.pages)", "reachable"),
        {"one": "exhausted", "all_": "exhausted"},
        "t",
    ),
    Litmus(  # `and` reads on only where it must: a test of a local alone is not a step
        "S26",
        TWO
        + fn(
            "t",
            "flag = m.x == 0",
            "if not flag and m.f[page]:",
            "    m.y = 2",
            "m.y = 1",
            args=PAGE,
        )
        + fn("u", "m.x = 1")
        + prop("ends", "m.y == 1", "reachable")
        + prop("never", "m.y != 2"),
        {"ends": "exhausted", "never": "exhausted"},
    ),
    *(
        Litmus(  # whoever takes no part does not move; what the model says of the start holds too
            "S27",
            state("h = var(bool, init=free())", "k = var(bool, init=free())")
            + "\non = switch('on', False, 'a switch')\n"
            + fn("t", "m.x = 1", "if on:", "    m.y = 1")
            + fn("u", "m.x = 2", "m.x = 0")
            + fn("start", "return not m.h", deco="# of the model", result="bool")
            + fn("other", "return m.k", deco="# of the scenario", result="bool")
            + prop("one", "m.x != 2")
            + prop("at_rest", "idle(u)")
            + prop("switched", "m.y == 1", "reachable")
            + prop("starts", "m.k and not m.h"),
            {"one": one, "at_rest": one, "switched": switched, "starts": starts},
            more="switches=[on], init=start, scenarios=["
            "Scenario('alone', 'without u', [t], {'on': True}, init=other), "
            "Scenario('both', 'with u', [t, u])]",
            scenario=scenario,
        )
        for scenario, one, switched, starts in (
            ("alone", "exhausted", "exhausted", "exhausted"),
            ("both", "violated", "vacuous", "violated"),
        )
    ),
]
