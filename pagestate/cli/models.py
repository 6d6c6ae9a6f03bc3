"""``pagestate models``: what is shipped."""

import json
import sys
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import click

from pagestate.cli.bugs import listing
from pagestate.cli.failure import UserError, load
from pagestate.cli.files import emit
from pagestate.cli.report import show, width_of
from pagestate.lang.declare import Model, Scenario
from pagestate.lang.load import shipped_names


@click.command(
    short_help="List the shipped models: switches, scenarios.",
    epilog="""\b
Examples:
  pagestate models
  pagestate models v6_12                     with what each scenario is about
  pagestate models --json | jq '.rfc_v3.switches'
  pagestate models --bugs                    the historical bugs
  pagestate check rfc_v3 --scenario getters --set hook=false    then check one of them""",
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, by model name.")
@click.option("--bugs", "list_bugs", is_flag=True, help="List the historical bugs instead.")
def models(names: Sequence[str], as_json: bool, list_bugs: bool) -> None:
    """List the shipped models with their switches and scenarios, or those called NAME.

    A switch is shown with its default and what it means; `pagestate check --set` changes it. NAME
    may also be the path of a Python file; of models named, the scenarios are described: their
    actors, and the switches they set.
    """
    if list_bugs:
        problem = emit(listing(as_json), sys.stdout)
        if problem:
            raise UserError(problem)
        return
    loaded = {name: load(name) for name in names or shipped_names()}
    if as_json:
        text = json.dumps({name: _object(model) for name, model in loaded.items()}, indent=2)
    else:
        width = width_of(sys.stdout)
        found = [_lines(name, model, bool(names), width) for name, model in loaded.items()]
        text = "\n".join(line for lines in found for line in lines)
    problem = emit(text, sys.stdout)
    if problem:
        raise UserError(problem)


def _object(model: Model) -> dict[str, Any]:
    return {
        "summary": _first_line(model.doc),
        "sizes": dict(model.sizes),
        "switches": {
            s.name: {
                "default": s.default,
                "choices": list(s.choices),
                "meaning": s.meaning,
                "src": s.src,
            }
            for s in model.declared_switches()
        },
        "properties": {p.name: p.title for p in model.properties},
        "scenarios": {s.name: _scenario(model, s) for s in model.scenarios},
    }


def _scenario(model: Model, scenario: Scenario) -> dict[str, Any]:
    part = model.in_scenario(scenario.name)
    return {
        "doc": _first_line(scenario.doc),
        "threads": [t.name for t in part.declared_threads()],
        "left_out": list(part.left_out()),
        "switches": dict(scenario.switches),
        "sizes": dict(part.sizes),
        "properties": [p.name for p in part.properties],
    }


def _lines(name: str, model: Model, described: bool, width: int) -> list[str]:
    switches = model.declared_switches()
    wide = max((len(f"{s.name}={show(s.default)}") for s in switches), default=0)
    lines = [f"{name}: {_first_line(model.doc)}"]
    for switch in switches:
        setting = f"{switch.name}={show(switch.default)}"
        choices = [show(c) for c in switch.choices]
        more = "" if set(choices) == {"false", "true"} else f" [{'|'.join(choices)}]"
        if len(choices) == 1:
            more = " [fixed]"
        lines.append(f"    {setting:<{wide}}  {switch.meaning}{more}")
    if described:
        for scenario in model.scenarios:
            lines += _described(model, scenario, width)
    elif model.scenarios:
        lines += _folded(f"scenarios: {', '.join(s.name for s in model.scenarios)}", 4, width)
    return lines


def _described(model: Model, scenario: Scenario, width: int) -> list[str]:
    settings = " ".join(f"{n}={show(v)}" for n, v in scenario.switches.items())
    actors = ", ".join(t.name for t in scenario.declared_threads())
    return [
        *_folded(f"scenario {scenario.name}: {_first_line(scenario.doc)}", 4, width),
        *_folded(f"actors: {actors}" + (f"; {settings}" if settings else ""), 8, width),
    ]


def _folded(text: str, indent: int, width: int) -> list[str]:
    first, more = " " * indent, " " * (indent + 4)
    return wrap(text, width, initial_indent=first, subsequent_indent=more, break_on_hyphens=False)


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
