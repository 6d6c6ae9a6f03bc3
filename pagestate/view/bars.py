"""What lasts longer than a step: locks that are held, and threads that are blocked."""

from collections.abc import Sequence
from dataclasses import dataclass

from pagestate.core.trace import State
from pagestate.view.background import Background
from pagestate.view.explain import Standing, Who, holds_of
from pagestate.view.values import local_name


@dataclass(frozen=True, slots=True)
class LockBar:
    """A lock and who has it, from the step that takes it to the one that gives it back.

    Steps count from 1; 0 is the initial state.  ``mode`` is ``held``, ``read`` (held for reading)
    or ``queued`` (a writer that waits for it and keeps new readers out).
    """

    lane: int
    lock: str
    mode: str
    first: int
    last: int
    released: bool


@dataclass(frozen=True, slots=True)
class Other:
    """Another thread at the time of a step: what it could do, or why it could not.

    ``status`` as in :class:`pagestate.view.explain.Standing`; ``why`` is a sentence without its
    subject, ``holders`` are the lanes that have the lock it waits for.
    """

    lane: int
    status: str
    text: str
    why: str
    lock: str
    holders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thread that gives way because it is blocked, as the text shows it; ``depth`` calls deep."""

    lane: int
    text: str
    depth: int
    note: str


def lock_bars(
    background: Background, states: Sequence[State], lanes: Sequence[Who]
) -> tuple[LockBar, ...]:
    """Every stretch of steps during which a lane has a lock, in the order in which they begin."""
    last = len(states) - 1
    found = list[LockBar]()
    for lane, who in enumerate(lanes):
        since = dict[str, int]()
        for n, state in enumerate(states):
            held = holds_of(background.system, state, who)
            for name in [name for name in since if name not in held]:
                found.append(_bar(lane, name, since.pop(name), n, True))
            for name in held:
                since.setdefault(name, n)
        found += [_bar(lane, name, first, last, False) for name, first in since.items()]
    return tuple(sorted(found, key=lambda b: (b.first, b.lane, b.lock)))


def _bar(lane: int, held: str, first: int, last: int, released: bool) -> LockBar:
    name, _, mode = held.partition("(")
    return LockBar(lane, name, mode.rstrip(")") or "held", first, last, released)


def others_of(
    background: Background, standings: Sequence[Standing], lanes: Sequence[Who]
) -> tuple[Other, ...]:
    """The standings in words; lanes are numbered as in ``lanes``."""
    numbers = {who: n for n, who in enumerate(lanes)}
    found = list[Other]()
    for standing in standings:
        holders = tuple(numbers[w] for w in standing.holders if w in numbers)
        found.append(
            Other(
                numbers[standing.who],
                standing.status,
                standing.text,
                _why(background, standing, holders),
                local_name(standing.lock.partition("(")[0], None),
                holders,
            )
        )
    return tuple(found)


def _why(background: Background, standing: Standing, holders: tuple[int, ...]) -> str:
    thread = background.system.thread(standing.who[0])
    match standing.status:
        case "ready":
            return "could go on"
        case "quiet":
            return "has not started, or has ended" if thread.final else "is at its start"
        case _ if standing.lock and holders:
            reading = " for reading" if standing.lock.endswith("(read)") else ""
            names = ", ".join(f"CPU{n}" for n in holders)
            return f"waits for {standing.lock.partition('(')[0]}{reading}, held by {names}"
        case _:
            unmet = "; ".join(
                f"{c.text} ({', '.join(f'{n} is {v}' for n, v in c.values)})"
                if c.values
                else c.text
                for c in standing.unmet
            )
            return f"waits until {unmet}" if unmet else "cannot take a step"


def note_of(other: Other) -> str:
    """Why a blocked thread waits, in two or three words."""
    names = ", ".join(f"CPU{n}" for n in other.holders)
    return f"waits for {names}" if names else "waits"
