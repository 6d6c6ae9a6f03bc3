"""Scenarios side by side: each is compiled and checked in a process of its own.

There are as many at once as there are processors; answers come in declared order.  A scenario's
process starts the processes of its engines, catches what ends the run, and tells what it found out
as one line of JSON.
"""

import json
import multiprocessing
import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import wait
from typing import Any

from pagestate.check.request import make_request
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.run.child import follow
from pagestate.run.interrupt import SIGNALS, Interrupt, caught, held_back
from pagestate.run.messages import Working
from pagestate.run.part import Part, part_from, part_of, undecided
from pagestate.run.plan import misfit
from pagestate.run.portfolio import Options, run
from pagestate.view.wellformed import TraceError

PATIENCE = 10.0
"""Seconds that a process has to tell what it found out after the run was ended."""
_CHUNK = 1 << 16
_LEAST = 0.01
_A_MOMENT = 0.5


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be checked: the model, the settings of switches and sizes, the properties."""

    model: Model
    settings: Mapping[str, str]
    sizes: Mapping[str, str]
    selected: Sequence[str]


class Refused(Exception):
    """A scenario cannot be checked as asked for; the message is for the user."""


def run_scenarios(
    wish: Wish,
    names: Sequence[str],
    options: Options,
    watch: Callable[[Working], None],
    at_once: int | None = None,
) -> list[Part]:
    """Check the scenarios called ``names``.  Raises Refused.

    The timeout of ``options`` is for all of them together.  SIGINT and SIGTERM end the run; what
    was not decided is then unknown.  ``at_once``: how many run side by side.
    """
    most = at_once or len(os.sched_getaffinity(0))
    with caught() as interrupt:
        return _Scenarios(wish, names, options, watch, most, interrupt).run()


def unused(wish: Wish, parts: Sequence[Part]) -> list[str]:
    """What of the wish no part has; unknown, hence nothing, where a part was not finished."""
    if any(p.interrupted or p.errors or not p.scope for p in parts):
        return []
    has = {r.name for p in parts for r in p.results}
    sorts = {name for p in parts for name in p.sizes}
    return [
        *(f"no scenario here has property {n!r}" for n in wish.selected if n not in has),
        *(f"no scenario here has index sort {n!r}" for n in wish.sizes if n not in sorts),
    ]


class _Scenarios:
    def __init__(
        self,
        wish: Wish,
        names: Sequence[str],
        options: Options,
        watch: Callable[[Working], None],
        most: int,
        interrupt: Interrupt,
    ) -> None:
        self.wish, self.names, self.options = wish, names, options
        self.watch, self.most, self.interrupt = watch, most, interrupt
        limit = options.timeout
        self.deadline = None if limit is None else time.monotonic() + limit
        self.waiting = list(names)
        self.working = list[_Job]()
        self.parts = dict[str, Part]()
        self.accepted, self.refused = set[str](), dict[str, str]()

    def run(self) -> list[Part]:
        told = False
        try:
            end = self._until_ended()
            while self.working and time.monotonic() < end:
                if self.interrupt.wanted and not told:
                    told = True
                    for job in self.working:
                        job.end()
                self._listen(end - time.monotonic())
        finally:
            for job in self.working:
                job.stop()
        for name in self.names:
            if name in self.refused:
                raise Refused(self.refused[name])
            if name not in self.parts:
                self.parts[name] = self._lost(name, self._why_ended())
        return [self.parts[name] for name in self.names]

    def _until_ended(self) -> float:
        """Work until all is done or the run is to end; when to lose patience."""
        while self.waiting or self.working:
            now = time.monotonic()
            late = self.deadline is not None and now > self.deadline
            if self.interrupt.wanted or late:
                return now + PATIENCE
            while self.waiting and len(self.working) < self.most:
                name = self.waiting.pop(0)
                self.working.append(_Job(self.wish, name, self.options, self.deadline))
            self._listen(None if self.deadline is None else self.deadline - now + _LEAST)
        return 0.0

    def _why_ended(self) -> str:
        if self.interrupt.wanted:
            return "interrupted before anything was decided"
        return f"timeout after {self.options.timeout:g} s, before anything was decided"

    def _lost(self, name: str, reason: str) -> Part:
        wish = self.wish
        part = undecided(wish.model.in_scenario(name), wish.settings, wish.selected, reason)
        return replace(part, interrupted=self.interrupt.wanted)

    def _listen(self, patience: float | None) -> None:
        """Take what the processes have said; their deaths are messages too.  Raises Refused."""
        pipes = [j.pipe for j in self.working]
        if not self.interrupt.wanted:
            pipes.append(self.interrupt.pipe)
        ready = wait(pipes, patience)
        for job in [j for j in self.working if j.pipe in ready]:
            try:
                lines = job.read()
                for line in lines or ():
                    self._take(job, json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError, TraceError) as error:
                part = self._lost(job.name, "internal error")
                self.parts[job.name] = replace(part, errors=(f"{job.name}: not a part: {error}",))
                lines = None
            if lines is None and job.name not in (*self.parts, *self.refused):
                what = f"its process {job.death()}"
                part = self._lost(job.name, what)
                self.parts[job.name] = replace(part, failures=(f"{job.name}: {what}",))
            if job.name in self.parts or job.name in self.refused:
                job.stop()
                self.working.remove(job)
        self._refuse()

    def _refuse(self) -> None:
        """Say why the first scenario that is refused is, once those before it are known not to be.

        Raises Refused.
        """
        for name in self.names:
            if name in self.refused:
                raise Refused(self.refused[name])
            if name not in self.accepted and name not in self.parts:
                return

    def _take(self, job: "_Job", message: dict[str, Any]) -> None:
        match message:
            case {"working": dict(body)}:
                working = Working(**body)
                self.watch(replace(working, engine=f"{job.name}: {working.engine}"))
            case {"part": dict(body)}:
                self.parts[job.name] = part_from(body)
            case {"accepted": str(name)}:
                self.accepted.add(name)
            case {"refused": str(what)}:
                self.refused[job.name] = what
            case {"broken": str(what)}:
                part = self._lost(job.name, "internal error")
                self.parts[job.name] = replace(part, errors=(f"scenario {job.name}: {what}",))
            case _:
                raise ValueError(repr(message)[:60])


class _Job:
    """The process of one scenario, as the command sees it."""

    def __init__(self, wish: Wish, name: str, options: Options, deadline: float | None) -> None:
        self.name = name
        self._rest = b""
        self.pipe, end = os.pipe()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(
            target=_live, args=(wish, name, options, deadline, end, os.getpid())
        )
        with held_back(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # as for engines
            self._process.start()
        os.close(end)

    def read(self) -> list[bytes] | None:
        """The lines that have arrived, or None if the process has ended."""
        data = os.read(self.pipe, _CHUNK)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def end(self) -> None:
        """Ask the process to tell what it has found out."""
        self._process.terminate()

    def death(self) -> str:
        """How a process that has ended came to its end, in words."""
        self._process.join(_A_MOMENT)
        code = self._process.exitcode
        if code is None:
            return "has fallen silent"
        return f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"

    def stop(self) -> None:
        """Kill the process and wait until it is gone; its engines end with it."""
        self._process.kill()
        self._process.join()
        self._process.close()
        os.close(self.pipe)


def _live(
    wish: Wish, name: str, options: Options, deadline: float | None, end: int, parent: int
) -> None:
    """The process; it ends with its parent, whatever the parent dies of."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.dup2(2, 1)
    threading.Thread(target=follow, args=(parent,), daemon=True).start()

    def tell(**message: Any) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(end, data) :]

    status = 1
    try:
        with caught() as interrupt:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            _check(wish, name, options, deadline, tell, interrupt)
        status = 0
    except BrokenPipeError:
        pass
    finally:
        os._exit(status)


def _check(
    wish: Wish,
    name: str,
    options: Options,
    deadline: float | None,
    tell: Callable[..., None],
    interrupt: Interrupt,
) -> None:
    try:
        request = make_request(wish.model, wish.settings, wish.sizes, wish.selected, name)
        problem = misfit(options.engine, request)
        if problem:
            tell(refused=f"scenario {name}: {problem}")
            return
        tell(accepted=name)
        if deadline is not None:
            left = round(max(deadline - time.monotonic(), _LEAST), 2)
            options = replace(options, timeout=left)
        outcome = run(
            request, options, lambda working: tell(working=asdict(working)), interrupt=interrupt
        )
        tell(part=part_of(request, outcome).to_json())
    except ModelError as error:
        tell(refused=str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        tell(refused=f"{error.filename or name}: {error.strerror or error}")
    except Exception as error:  # the parent turns it into exit code 4, with the traceback
        tell(broken=f"{type(error).__name__}: {error}\n{traceback.format_exc()}".rstrip())
