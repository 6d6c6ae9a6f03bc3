"""Random model texts about locks: nested sections, waiting, choices; every kind of fairness."""

import random

STATE = """
class M(State):
    x = var(bool, init=False)
    y = var(bool, init=False)
    p = per_page(bool, init=False)
    a = mutex()
    b = spinlock()
    sem = rwsem()


"""
PAIRS = {
    "mutex_lock(m.a)": "mutex_unlock(m.a)",
    "spin_lock(m.b)": "spin_unlock(m.b)",
    "down_read(m.sem)": "up_read(m.sem)",
    "down_write(m.sem)": "up_write(m.sem)",
}


def random_model(seed: int) -> str:
    """The text of a model; the same one for the same seed."""
    dice = random.Random(seed)
    names, text = list[str](), STATE
    for number in range(dice.randint(2, 3)):
        form = list[str]()
        if dice.random() < 0.5:
            form.append("repeat=True")
            if dice.random() < 0.5:
                form.append("eager=True")
        if number == 0 and dice.random() < 0.4:
            form.append("replicated=True")
        fair = dice.choice(("", "", "fair='strong'", "fair='none'"))
        form += [fair] if fair else []
        body = _block(dice, 2, frozenset(), "    ")
        text += f"\n@thread({', '.join(form)})\ndef t{number}(m: M) -> None:\n"
        text += "\n".join(body) + "\n"
        names.append(f"t{number}")
    text += (
        "\n@eventually('once')\ndef once(m: M) -> bool:\n    return m.x\n"
        "\n@leads_to('then')\ndef then(m: M) -> tuple[bool, bool]:\n    return m.x, m.y\n"
        "\n@leads_to('ends')\ndef ends(m: M) -> tuple[bool, bool]:\n"
        "    return not idle(t1), idle(t1)\n"
    )
    return text + (
        f"\nmodel = Model('r', state=M, threads=[{', '.join(names)}], properties=[once, then, ends,"
        " deadlock_free], sizes={'page': 2, 't0': 2})\n"
    )


def _block(dice: random.Random, depth: int, held: frozenset[str], pad: str) -> list[str]:
    lines = list[str]()
    for _ in range(dice.choice((1, 2))):
        kind = dice.choice(("lock", "lock", "lock", "set", "wait", "if") if depth else ("set",))
        match kind:
            case "lock":
                free = [op for op in PAIRS if dice.random() < 0.1 or _lock(op) not in held]
                if not free or "b" in held:
                    continue
                op = dice.choice(free)
                inner = _block(dice, depth - 1, held | {_lock(op)}, pad)
                lines += [f"{pad}{op}", *inner, f"{pad}{PAIRS[op]}"]
            case "set":
                lines.append(f"{pad}m.{dice.choice('xy')} = {dice.random() < 0.6}")
            case "wait" if "b" not in held:
                lines.append(f"{pad}wait_until(m.{dice.choice('xy')})")
            case "if":
                test = dice.choice(("either()", "m.x", "m.y"))
                lines += [f"{pad}if {test}:", *_block(dice, depth - 1, held, pad + "    ")]
            case _:
                pass
    return lines or [f"{pad}m.x = True"]


def _lock(operation: str) -> str:
    return operation.partition(".")[2].rstrip(")")
