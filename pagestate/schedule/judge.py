"""Bugs checked: the broken variant violates the property, the fixed one does not."""

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from pagestate.check.outcome import Exit, code_of, gravest
from pagestate.check.request import Request, make_request
from pagestate.core.trace import Trace
from pagestate.core.verdict import CONCLUSIVE, Result, Verdict
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.load import load_file, load_model
from pagestate.run.portfolio import Options, run
from pagestate.schedule.bug import Bug, Variant, sorted_bugs
from pagestate.schedule.watch import bind, count_changes

PACKAGE = "pagestate.models.bugs"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out about one variant.

    ``setup`` is the number of steps of the setup, ``steps`` how many follow it, ``changing`` how
    many of those change what the bug watches.
    """

    verdict: Verdict
    reason: str = ""
    setup: int = 0
    steps: int | None = None
    changing: int | None = None
    states: int | None = None
    seconds: float = 0.0
    trace: Trace | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A bug, what was found, and what that means; ``problems`` say what is not as declared."""

    bug: Bug
    broken: Found
    fixed: Found | None
    problems: tuple[str, ...]
    code: Exit


def shipped_bugs() -> list[Bug]:
    """The bugs of the library.  Raises ModelError PS307 for an id that is declared twice."""
    return _listed(importlib.import_module(PACKAGE))


def bugs_of_file(path: Path) -> list[Bug]:
    """The bugs that a Python file declares, as a list ``BUGS``.

    Raises ModelError PS100 to PS102, PS307, and PS308 where there is no such list.
    """
    return _listed(load_file(path))


def _listed(module: ModuleType) -> list[Bug]:
    found = getattr(module, "BUGS", None)
    if not isinstance(found, list) or not all(isinstance(b, Bug) for b in found):
        raise ModelError("PS308", f"{module.__file__} has no list BUGS of bugs")
    ids = [b.id for b in found]
    for name in ids:
        if ids.count(name) > 1:
            raise ModelError("PS307", f"bug {name!r} is declared twice")
    return sorted_bugs(found)


def select(bugs: Sequence[Bug], ids: Sequence[str]) -> list[Bug]:
    """The bugs with these ids, in their order (no ids: all).  Raises ModelError PS306."""
    known = {b.id: b for b in bugs}
    for name in ids:
        if name not in known:
            raise ModelError("PS306", f"there is no bug {name!r}", hint=near(name, list(known)))
    return [b for b in bugs if not ids or b.id in ids]


def judge(
    bug: Bug, *, seconds: float | None = None, load: Callable[[str], Model] = load_model
) -> Judged:
    """Check both variants of a bug, each for at most ``seconds``.

    Raises ModelError, ScheduleError where the declaration does not fit the models, and what
    ``explore_from`` raises.
    """
    broken = _broken(bug, seconds, load)
    fixed = None if bug.fixed is None else _check(bug, bug.fixed, seconds, load)
    problems, codes = list[str](), [Exit.OK]
    if broken.verdict != Verdict.VIOLATED:
        certain = broken.verdict in CONCLUSIVE
        codes.append(Exit.FAILED if certain else Exit.INCONCLUSIVE)
        problems.append(f"the broken variant is not violated: {_say(broken)}")
    elif bug.at_most is not None and broken.changing is None:
        codes.append(Exit.FAILED)
        problems.append("at_most is declared, and nothing is watched")
    elif bug.at_most is not None and (broken.changing or 0) > bug.at_most:
        codes.append(Exit.FAILED)
        problems.append(f"{broken.changing} changing steps, declared are at most {bug.at_most}")
    if fixed is not None:
        code = code_of(_result(bug, fixed), require_proof=True)
        if code != Exit.OK:
            codes.append(code)
            problems.append(f"the fixed variant: {_say(fixed)}")
    return Judged(bug, broken, fixed, tuple(problems), gravest(codes))


def _say(found: Found) -> str:
    return f"{found.verdict.value} ({found.reason})" if found.reason else found.verdict.value


def _result(bug: Bug, found: Found) -> Result:
    return Result(
        bug.prop, found.verdict, "", "", None, None, 0.0, found.reason, None, None, None, ()
    )


def _broken(bug: Bug, seconds: float | None, load: Callable[[str], Model]) -> Found:
    if bug.setup is None:
        return _check(bug, bug.broken, seconds, load)
    from pagestate.schedule.explore import explore_from  # the engines take time to import

    request = _request(bug.broken, bug.prop, load)
    found = explore_from(request, bug.setup, bug.prop, bug.watch, seconds=seconds)
    answer, trace = found.answer, found.trace
    if answer.verdict != Verdict.VIOLATED and not answer.reason:
        reason = "no execution that begins with the setup violates it"
    else:
        reason = answer.reason
    return Found(
        answer.verdict,
        reason,
        found.setup,
        None if trace is None else len(trace.steps) - found.setup,
        found.changing,
        answer.states,
        found.seconds,
        trace,
    )


def _check(
    bug: Bug, variant: Variant, seconds: float | None, load: Callable[[str], Model]
) -> Found:
    """The ordinary check of one variant, by all engines, everything re-checked."""
    began = time.monotonic()
    request = _request(variant, bug.prop, load)
    outcome = run(request, Options(timeout=seconds), lambda working: None)
    if outcome.errors:
        raise RuntimeError(f"{bug.id}: {outcome.errors[0]}")
    if outcome.interrupted:
        raise KeyboardInterrupt
    result = next(r for r in outcome.results if r.name == bug.prop)
    trace, changing = result.trace, None
    if trace is not None and bug.watch is not None:
        seen = bind(bug.watch, request.compiled, request.bounds(0))
        changing = count_changes(seen, trace.states)
    return Found(
        result.verdict,
        result.reason,
        0,
        None if trace is None else len(trace.steps),
        changing,
        result.states,
        time.monotonic() - began,
        trace,
    )


def _request(variant: Variant, prop: str, load: Callable[[str], Model]) -> Request:
    sizes = {name: str(size) for name, size in variant.sizes.items()}
    model = load(variant.model)
    return make_request(model, variant.settings(), sizes, [prop], variant.scenario)
