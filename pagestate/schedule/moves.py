"""The steps that one thread can take from a concrete state, and how they are called."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pagestate.core.execute import Texts
from pagestate.core.quick import Quick
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.system import Action, System
from pagestate.core.trace import State, Step
from pagestate.core.verdict import Move
from pagestate.core.waiting import label_of

Known: TypeAlias = Mapping[tuple[str, int | None], Value]
_RESULT = re.compile(r" -> [^()]*$")
_HEAD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a thread can take: the move, the step as a trace shows it, what comes after."""

    move: Move
    step: Step
    after: State
    known: Known


class Moves:
    """The steps of an instance, by thread and control point."""

    def __init__(self, system: System, sizes: Sizes) -> None:
        self.system, self.sizes = system, sizes
        self._quick = Quick(system, sizes)
        self._at = dict[tuple[str, str], list[Action]]()
        for thread in system.threads:
            for label in thread.labels:
                self._at[thread.name, label] = []
        for action in system.actions:
            thread = system.thread(action.thread)
            known = action.info.label in thread.labels
            for label in (action.info.label,) if known else thread.labels:
                self._at[action.thread, label].append(action)

    def waiting(self, thread: str, member: int | None, state: State) -> list[Action]:
        """The actions of a thread where it stands, enabled or not."""
        return self._at[thread, label_of(self.system.thread(thread), member, state)]

    def steps(
        self, thread: str, member: int | None, state: State, known: Known | None = None
    ) -> Iterator[Taken]:
        """What the thread can do next; ``known`` as in :class:`Texts`."""
        before = self._quick.pack(state)
        for found in self._quick.steps(thread, member, before):
            if found.after is None:
                continue
            after = self._quick.unpack(found.after)
            texts = Texts(self.system, known)
            step = texts.step(found.action, dict(found.picks), state, after)
            yield Taken(Move(found.action, found.picks), step, after, texts.known)

    def inside(self, thread: str, member: int | None, state: State, call: str) -> bool:
        """Whether the thread goes on inside a call of that name.

        Where it can do several things, one of them inside is enough; where it can do nothing, one
        of the steps it waits for.
        """
        before = self._quick.pack(state)
        able = [n.action for n in self._quick.steps(thread, member, before)]
        return any(
            head_of(c) == call
            for action in able or self.waiting(thread, member, state)
            for c in action.info.calls
        )


def head_of(text: str) -> str:
    """The first name in a text: of a call, what is called."""
    found = _HEAD.search(text)
    return found[0] if found else ""


def kernel_functions(src: str) -> list[str]:
    """The functions that a reference names (``mm/swap.c: __put_page``)."""
    return [f.strip() for f in src.partition(": ")[2].split(",") if f.strip()]


def spellings(step: Step, sorts: Mapping[str, IndexSort]) -> set[str]:
    """How a step may be called in a schedule; see ``Item.step``."""
    result = _RESULT.search(step.text)
    plain = step.text[: result.start()] if result else step.text
    bare = plain
    for sort in sorts:
        bare = re.sub(rf"\[{sort} \d+\]", "", bare)
        bare = re.sub(rf"\({sort} \d+\)", "()", bare)
    names = {plain, bare, bare.removesuffix("()"), head_of(plain)}
    names |= {f"{n}{result[0]}" for n in names} if result else set()
    return names | {step.label} if step.label else names


def mentioned(step: Step, sort: str) -> int | None:
    """The member of ``sort`` a step is about: by its text, else by the innermost call."""
    for text in (step.text, *reversed(step.calls)):
        found = re.search(rf"\b{re.escape(sort)} (\d+)\b", text)
        if found:
            return int(found[1])
    return None


def called(step: Step, pattern: str) -> str | None:
    """The text of the call in which a step is and that ``pattern`` names, if any."""
    for call in step.calls:
        if pattern in (call, head_of(call), f"{head_of(call)}()"):
            return call
    return None
