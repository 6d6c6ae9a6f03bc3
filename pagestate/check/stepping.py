"""Stepping through an execution in the model's own functions, with a debugger at one step.

The model runs as in a replay.  At the chosen step a ``pdb`` stops at the first line of a model file
that runs in it: the lines are those of the file, the values those of the running model.  What is
asked at the prompt reads the state without being part of the step.
"""

import pdb
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TextIO

from pagestate.check.replay import replay, rerun, take_step
from pagestate.core.trace import Trace
from pagestate.lang.compile import Compiled
from pagestate.lang.concrete import Machine


class Debugger(pdb.Pdb):
    """A ``pdb`` that stops in the files of a model only; input and output can be given."""

    def __init__(
        self,
        machine: Machine,
        files: frozenset[str],
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
    ) -> None:
        super().__init__(stdin=stdin, stdout=stdout, nosigint=True, readrc=False)
        self.machine, self.files = machine, files
        self.stopped = False

    def stop_here(self, frame: FrameType) -> bool:
        """Only lines of the model are of interest."""
        code = frame.f_code
        if code.co_filename not in self.files or code.co_name == "<module>":
            return False
        return super().stop_here(frame)

    def user_call(self, frame: FrameType, argument_list: None) -> None:
        """A function is entered, or goes on where it gave way: its next line is what counts."""

    def interaction(self, *args: Any, **more: Any) -> None:
        """Talk to the user, whose questions do not count as accesses of the step."""
        self.stopped = True
        runtime = self.machine.runtime
        runtime.depth += 1
        try:
            super().interaction(*args, **more)
        finally:
            runtime.depth -= 1

    def during(self, run: Callable[[], None]) -> None:
        """Run with the debugger on.  Raises bdb.BdbQuit if the user leaves."""
        self.reset()
        before = sys.gettrace()
        sys.settrace(self.trace_dispatch)
        try:
            run()
        finally:
            sys.settrace(before)


def model_files(compiled: Compiled) -> frozenset[str]:
    """The files that the steps of a model are written in."""
    spans = (a.info.span for a in compiled.system.actions)
    return frozenset(s.file for s in spans if s is not None)


def step_through(
    compiled: Compiled,
    trace: Trace,
    at: int,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
) -> bool:
    """Replay ``trace`` and stop in its step number ``at``; whether there was a line to stop at.

    Raises ReplayMismatch, and bdb.BdbQuit if the user leaves.
    """
    machine = Machine(compiled, trace.sizes, trace.states[0])
    debugger = Debugger(machine, model_files(compiled), stdin, stdout)
    for number in range(1, len(trace.steps) + 1):
        if number == at:
            debugger.during(lambda: take_step(compiled, machine, trace, at))
        else:
            take_step(compiled, machine, trace, number)
    return debugger.stopped


def executed(compiled: Compiled, trace: Trace) -> str:
    """What the model's functions say of a trace: that it is an execution, and of what.

    Raises ReplayMismatch.
    """
    prop = next((p for p in compiled.properties if p.name == trace.property), None)
    if prop is None:
        rerun(compiled, trace)
        return "is an execution of the model, which has no property of that name"
    replay(compiled, prop, trace)
    shows = "reaches" if prop.kind == "reachable" else "violates"
    return f"is an execution of the model and {shows} {prop.name}"
