"""Random models about pages: getters, a driver, atomic functions, properties of one page."""

import random

STATE = """
class M(State):
    a = per_page(bool, init=False)
    b = per_page(bool, init=False)
    c = per_page(Count, init=0)
    r = per_page(Range(0, 2), init=1)
    x = var(bool, init=False)
    cur = var(Page, init=None)
    mu = mutex()
"""
GUARDS = (
    "m.a[p]", "not m.b[p]", "m.c[p] == 0", "m.c[p] >= 1", "m.r[p] == 1", "m.x", "not m.x",
    "m.cur == p", "m.cur is None", "all(not m.b[q] for q in m.pages)",
    "any(m.b[q] and q != p for q in m.pages)", "count(m.a[q] for q in m.pages) <= 1",
)  # fmt: skip
EFFECTS = (
    "m.a[p] = True", "m.a[p] = m.cur == p", "m.b[p] = m.x", "m.b[p] = True", "m.c[p] += 1",
    "m.x = any(m.b[q] for q in m.pages)", "m.cur = p", "m.cur = None",
    "m.cur = p if m.a[p] else None", "m.r[p] = 0 if m.r[p] == 2 else m.r[p] + 1",
    "if m.c[p] >= 1:\n        m.c[p] -= 1", "for z in m.pages:\n        m.a[z] = False",
    "for z in m.pages:\n        if m.cur == z or z != p:\n            m.b[z] = True",
)  # fmt: skip
OF_STEPS = (
    "{b}.a[p]", "{a}.a[p]", "{b}.b[p]", "{a}.b[p]", "{a}.c[p] <= 1", "{b}.r[p] == {a}.r[p]",
    "{b}.x", "{a}.x", "{b}.cur == p", "{a}.cur == p", "{b}.c[p] + 1 >= {a}.c[p]",
)  # fmt: skip
FUNCTIONS = 3
PROPERTIES = 12


def random_pages(seed: int) -> str:
    """The text of a model; the same one for the same seed."""
    dice = random.Random(seed)
    text = STATE
    for n in range(FUNCTIONS):
        guard = f"{dice.choice(GUARDS)} {dice.choice(('and', 'or'))} {dice.choice(GUARDS)}"
        lines = [f"if not ({guard}):\n        return False"]
        lines += dice.sample(EFFECTS, dice.randint(1, 3))
        body = "".join(f"    {line}\n" for line in (*lines, "return True"))
        text += f"\n\n@atomic\ndef f{n}(m: M, p: Page) -> bool:\n{body}"
    for name, form in (("getter", "replicated=True, repeat=True"), ("driver", "repeat=True")):
        body = "".join(_statement(dice) for _ in range(dice.randint(1, 2)))
        text += f"\n\n@thread({form})\ndef {name}(m: M, p: Page) -> None:\n{body}"
    for n in range(PROPERTIES):
        text += _property(dice, n)
    names = ", ".join(f"p{n}" for n in range(PROPERTIES))
    return (
        text + f"\n\nmodel = Model('r', state=M, threads=[getter, driver], properties=[{names}])\n"
    )


def _statement(dice: random.Random) -> str:
    one, two = (f"f{dice.randrange(FUNCTIONS)}(m, p)" for _ in range(2))
    return dice.choice(
        (
            f"    if {one}:\n        {two}\n",
            f"    if not {one}:\n        return\n",
            f"    mutex_lock(m.mu)\n    {one}\n    mutex_unlock(m.mu)\n",
            f"    {one}\n    {two}\n",
        )
    )


def _property(dice: random.Random, number: int) -> str:
    of_steps = number % 2 == 0
    kind, args = ("step", "b: M, a: M") if of_steps else ("always", "a: M")
    parts = [p.format(b="b" if of_steps else "a", a="a") for p in dice.sample(OF_STEPS, 3)]
    said = " or ".join(p if dice.random() < 0.5 else f"not ({p})" for p in parts)
    head = f"\n\n@{kind}('{number}')\ndef p{number}({args}) -> bool:\n"
    return head + f"    return all({said} for p in a.pages)\n"
