"""``pagestate bugs``: the historical bugs of the library, each as a check."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from pagestate.check.outcome import Exit, gravest
from pagestate.cli.failure import UserError, user_errors
from pagestate.cli.files import check_folder, check_target, emit, write_whole
from pagestate.cli.options import check_seconds
from pagestate.cli.report import WIDTH
from pagestate.lang.diagnostics import ModelError
from pagestate.schedule.bug import Bug, Variant
from pagestate.schedule.judge import Found, Judged, bugs_of_file, judge, select, shipped_bugs
from pagestate.schedule.matching import ScheduleError
from pagestate.view.itf import save_trace, to_itf

_MARKS = {Exit.OK: "ok", Exit.FAILED: "FAIL", Exit.INCONCLUSIVE: "open"}


@click.command(
    short_help="Check that historical bugs are found, and their fixes hold.",
    epilog="""\b
Examples:
  pagestate models --bugs            list them
  pagestate bugs                     check all of them
  pagestate bugs H1 N3 --trace-dir out
      check two, keep their traces; pagestate show draws one
  pagestate bugs --from my_bugs.py   bugs of your own: a list BUGS in a Python file

\b
A bug is a property, a broken variant of a model that violates it, and a fixed one that does not.
With a setup, the violation has to begin with that schedule, and to take no more than the declared
number of steps after it that change what is seen of the pages.

\b
Exit codes:
  0    every bug is found, every fix holds
  1    a broken variant is not violated or takes more steps than declared; a fix does not hold
  2    a wrong id, a schedule that is no execution, an error in a model
  3    something was not decided
  4    an internal error
  5    no bug is selected
  130  interrupted""",
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--from", "file", metavar="FILE", help="Take the bugs from this Python file.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the results as JSON.")
@click.option("--timeout", type=float, metavar="S", help="Seconds for each variant.")
@click.option(
    "--trace-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the traces of the broken variants here.",
)
def bugs(
    ids: Sequence[str],
    file: str | None,
    json_file: str | None,
    timeout: float | None,
    trace_dir: Path | None,
) -> int:
    """Check the library's historical bugs (all, or those with the given IDs)."""
    check_seconds("--timeout", timeout)
    with user_errors():
        chosen = select(_declared(file), ids)
        if json_file not in (None, "-"):
            check_target(Path(str(json_file)))
        if trace_dir is not None:
            check_folder(trace_dir)
    out = sys.stderr if json_file == "-" else sys.stdout
    judged, errors, codes = list[Judged](), dict[str, str](), set[Exit]()
    for bug in chosen:
        try:
            found = judge(bug, seconds=timeout)
        except (ModelError, ScheduleError) as error:
            errors[bug.id] = str(error)
            codes.add(Exit.USAGE)
            emit(f"error {bug.id}: {error}", out)
            continue
        except KeyboardInterrupt:
            codes.add(Exit.INTERRUPTED)
            click.echo("pagestate: interrupted; the above is what was decided", err=True)
            break
        judged.append(found)
        codes.add(found.code)
        emit("\n".join(_lines(found)), out)
        if trace_dir is not None and found.broken.trace is not None:
            with user_errors():
                save_trace(found.broken.trace, trace_dir / f"{bug.id}.itf.json")
    if json_file is not None:
        interrupted = Exit.INTERRUPTED in codes
        _write(json_file, {"bugs": list(map(_judged, judged)), "errors": errors}, interrupted)
    return int(gravest(codes))


def _declared(file: str | None) -> list[Bug]:
    return shipped_bugs() if file is None else bugs_of_file(Path(file))


def _write(json_file: str, found: dict[str, Any], interrupted: bool) -> None:
    listing = json.dumps({**found, "interrupted": interrupted}, indent=2)
    if json_file == "-":
        problem = emit(listing, sys.stdout)
        if problem:
            raise UserError(problem)
        return
    with user_errors():
        write_whole(Path(json_file), listing + "\n")


def _lines(judged: Judged) -> list[str]:
    bug, broken = judged.bug, judged.broken
    lines = _folded(f"{_MARKS[judged.code]:<5} {bug.id}: {bug.title}", "      ")
    lines += _folded(f"      broken: {bug.broken}: {_found(broken)}", "        ")
    if judged.fixed is not None:
        lines += _folded(f"      fixed: {bug.fixed}: {_found(judged.fixed)}", "        ")
    for problem in judged.problems:
        lines += _folded(f"      {problem}", "        ")
    return lines


def _folded(text: str, indent: str) -> list[str]:
    return wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _found(found: Found) -> str:
    text = found.verdict.value
    if found.steps is not None:
        text += f" in {found.steps} steps"
        if found.changing is not None:
            text += f", of which {found.changing} change something"
        if found.setup:
            text += f", after a setup of {found.setup}"
    return f"{text} ({found.reason})" if found.reason else text


def listing(as_json: bool) -> str:
    """The library's bugs for ``pagestate models --bugs``.  Raises UserError."""
    with user_errors():
        known = shipped_bugs()
    if as_json:
        return json.dumps({b.id: _declaration(b) for b in known}, indent=2)
    lines = list[str]()
    for bug in known:
        lines += _folded(f"{bug.id}: {bug.title}", "    ")
        for what, text in (
            ("property", bug.prop),
            ("broken", str(bug.broken)),
            ("fixed", str(bug.fixed or "nothing")),
            ("fixed by", bug.fix or "nothing known"),
        ):
            lines += _folded(f"    {what:<9} {text}", " " * 14)
    return "\n".join([*lines, "", "pagestate bugs ID... checks them"])


def _declaration(bug: Bug) -> dict[str, Any]:
    return {
        "title": bug.title,
        "property": bug.prop,
        "broken": _variant(bug.broken),
        "fixed": None if bug.fixed is None else _variant(bug.fixed),
        "fix": bug.fix,
        "source": bug.source,
        "setup": None if bug.setup is None else bug.setup.name,
        "at_most": bug.at_most,
        "note": bug.note,
    }


def _variant(variant: Variant) -> dict[str, Any]:
    return {
        "model": variant.model,
        "scenario": variant.scenario or None,
        "switches": dict(variant.switches),
        "sizes": dict(variant.sizes),
    }


def _judged(judged: Judged) -> dict[str, Any]:
    declared = _declaration(judged.bug)
    variants = {"broken": judged.broken, "fixed": judged.fixed}
    results = {n: declared[n] | _result(f) for n, f in variants.items() if f is not None}
    return {
        "id": judged.bug.id,
        "ok": judged.code == Exit.OK,
        "problems": list(judged.problems),
        **declared,
        **results,
    }


def _result(found: Found) -> dict[str, Any]:
    return {
        "verdict": found.verdict.value,
        "reason": found.reason,
        "setup_steps": found.setup,
        "steps": found.steps,
        "changing": found.changing,
        "states": found.states,
        "seconds": found.seconds,
        "trace": None if found.trace is None else to_itf(found.trace),
    }
