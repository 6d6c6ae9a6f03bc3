"""Why a step could be taken, and why other threads could not take theirs.

A guard is shown conjunct by conjunct with the values it was about.  A thread is blocked where none
of the steps at its control point is enabled; it then waits for a lock, with the thread that has
it, or for conditions on the shared state.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias

from pagestate.core.evaluate import evaluate, values
from pagestate.core.expr import Expr, Read, span_of, walk
from pagestate.core.sorts import Sizes, Value
from pagestate.core.span import Span
from pagestate.core.system import Action, System, Thread
from pagestate.core.trace import State
from pagestate.core.waiting import FAULT, NO_FAULT, blockers, is_quiet, label_of
from pagestate.view.background import Background
from pagestate.view.terms import is_choice, parts, pinned, reads, show_term

Kind: TypeAlias = Literal["control", "local", "choice", "shared"]
Status: TypeAlias = Literal["quiet", "ready", "blocked"]
Who: TypeAlias = tuple[str, int | None]

_MOST_BINDINGS = 256


@dataclass(frozen=True, slots=True)
class Condition:
    """One conjunct of a guard, whether it holds, and the values of what it reads.

    ``kind``: where the thread is (and that no rule was broken before), its own locals, a free
    choice, or the shared state.
    """

    text: str
    holds: bool
    kind: Kind
    values: tuple[tuple[str, str], ...]
    span: Span | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a thread stands between two steps.

    ``quiet``: it has ended, or not started.  ``ready``: it could take the step ``text``.
    ``blocked``: it could not; ``lock`` is what it waits for and ``holders`` who has it, ``unmet``
    are the conditions that do not hold.
    """

    who: Who
    status: Status
    text: str = ""
    lock: str = ""
    holders: tuple[Who, ...] = ()
    unmet: tuple[Condition, ...] = ()
    span: Span | None = None


def conditions(
    background: Background, action: Action, picks: Mapping[str, Value], state: State
) -> tuple[Condition, ...]:
    """The guard of ``action`` in ``state``, conjunct by conjunct."""
    return tuple(_condition(background, action, part, picks, state) for part in parts(action.guard))


def holds_of(system: System, state: State, who: Who) -> tuple[str, ...]:
    """The locks that ``who`` has: ``name``, ``name(read)``, ``name(queued)``."""
    thread = system.thread(who[0])
    return thread.holds.get(label_of(thread, who[1], state), ())


class Standings:
    """Where threads stand in the states of one trace.

    What cannot have changed since the state before is not worked out again: a thread's standing
    depends on its own locals and on what the guards at its label read.
    """

    def __init__(self, background: Background, everybody: tuple[Who, ...]) -> None:
        self.background, self.everybody = background, everybody
        self.owners = background.owners
        self.at = dict[tuple[str, str], tuple[Action, ...]]()
        self.read = dict[tuple[str, str], frozenset[str]]()
        for action in background.system.actions:
            key = action.thread, action.info.label
            self.at[key] = (*self.at.get(key, ()), action)
            names = {t.var for t in walk(action.guard) if isinstance(t, Read)}
            self.read[key] = self.read.get(key, frozenset()) | names
        self.known = dict[Who, tuple[str, tuple[object, ...], Standing]]()

    def in_state(self, state: State) -> tuple[Standing, ...]:
        """The standing of everybody in ``state``."""
        return tuple(self._standing(who, state) for who in self.everybody)

    def _standing(self, who: Who, state: State) -> Standing:
        thread = self.background.system.thread(who[0])
        label = label_of(thread, who[1], state)
        if label in is_quiet(thread) or label == thread.start:
            return Standing(who, "quiet")
        names = self.read.get((thread.name, label), frozenset())
        holding = tuple(
            holds_of(self.background.system, state, other)
            for other in self.everybody
            if other != who
        )
        key = (*(v for c, v in state.items() if c[0] in names), holding)
        known = self.known.get(who)
        if known is not None and known[:2] == (label, key):
            return known[2]
        found = self._work_out(thread, who, label, state)
        self.known[who] = label, key, found
        return found

    def _work_out(self, thread: Thread, who: Who, label: str, state: State) -> Standing:
        sizes, unmet = self.background.sizes, dict[str, Condition]()
        first: tuple[Action, Mapping[str, Value]] | None = None
        for action in self.at.get((thread.name, label), ()):
            for picks in _bindings(action, who[1], state, sizes):
                failing = [p for p in parts(action.guard) if not evaluate(p, state, sizes, picks)]
                if not failing:
                    return Standing(
                        who, "ready", _filled(action, picks, state, who), span=action.info.span
                    )
                if any(self._own(p, thread.name) for p in failing):
                    continue
                first = first or (action, picks)
                for part in failing:
                    shown = _condition(self.background, action, part, picks, state)
                    unmet.setdefault(shown.text, shown)
        if first is None:
            return Standing(who, "blocked")
        action, picks = first
        return Standing(
            who,
            "blocked",
            _filled(action, picks, state, who),
            action.takes,
            tuple(self._holders(action.takes, who, state)) if action.takes else (),
            tuple(c for c in unmet.values() if not _no_fault(c)) or tuple(unmet.values()),
            action.info.span,
        )

    def _own(self, part: Expr, thread: str) -> bool:
        """Whether a conjunct is settled by the thread itself: its locals and its choices."""
        return all(self.owners.get(t.var) == thread for t in walk(part) if isinstance(t, Read))

    def _holders(self, lock: str, who: Who, state: State) -> Iterator[Who]:
        wanted = blockers(lock)
        for other in self.everybody:
            held = holds_of(self.background.system, state, other)
            if other != who and any(name in held for name in wanted):
                yield other


def _no_fault(condition: Condition) -> bool:
    return condition.text == f"{FAULT} == {NO_FAULT}"


def _bindings(
    action: Action, member: int | None, state: State, sizes: Sizes
) -> Iterator[Mapping[str, Value]]:
    """The choices of parameters that agree with the thread's references, not too many."""
    fixed = dict[str, Value]()
    if action.thread_param is not None:
        fixed[action.thread_param.name] = member
    for part in parts(action.guard):
        tied = pinned(part)
        if tied is not None and tied[1].name not in fixed:
            try:
                fixed[tied[1].name] = evaluate(tied[0], state, sizes, fixed)
            except KeyError:
                continue
    if any(fixed.get(p.name, 0) is None for p in action.params):
        return
    free = [p for p in action.params if p.name not in fixed]
    for number, choice in enumerate(product(*(list(values(p.sort, sizes)) for p in free))):
        if number == _MOST_BINDINGS:
            return
        yield {**fixed, **{p.name: v for p, v in zip(free, choice, strict=True)}}


def _condition(
    background: Background,
    action: Action,
    part: Expr,
    picks: Mapping[str, Value],
    state: State,
) -> Condition:
    owners = background.owners
    found = [t.var for t in walk(part) if isinstance(t, Read)]
    control = background.system.thread(action.thread).control
    kind: Kind = "shared"
    if found in ([control], [FAULT]):
        kind = "control"
    elif is_choice(part):
        kind = "choice"
    elif found and all(owners.get(name) == action.thread for name in found):
        kind = "local"
    return Condition(
        show_term(part, picks, owners),
        bool(evaluate(part, state, background.sizes, picks)),
        kind,
        reads(part, picks, owners, state, background.sizes),
        span_of(part),
    )


def _filled(action: Action, picks: Mapping[str, Value], state: State, who: Who) -> str:
    """The text of a step that was not taken, with the values there are; its result is left out."""
    where = () if who[1] is None else (who[1],)

    def shown(found: "re.Match[str]") -> str:
        name = found[1]
        value = state.get((name[1:], where)) if name.startswith("=") else picks.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return "?" if value is None else str(value)

    return re.sub(r"\{([^{}]+)\}", shown, action.info.text).partition(" -> ")[0]
