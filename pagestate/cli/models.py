"""``pagestate models``: what is shipped."""

import json
import sys
from typing import Any

import click

from pagestate.cli.bugs import listing
from pagestate.cli.failure import UserError, load
from pagestate.cli.files import emit
from pagestate.cli.report import show
from pagestate.lang.declare import Model
from pagestate.lang.load import shipped_names


@click.command(
    short_help="List the shipped models with their switches.",
    epilog="""\b
Examples:
  pagestate models
  pagestate models --json | jq '.rfc_v3.switches'
  pagestate models --bugs                    the historical bugs
  pagestate check rfc_v3 --set hook=false    then check one of them""",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, by model name.")
@click.option("--bugs", "list_bugs", is_flag=True, help="List the historical bugs instead.")
def models(as_json: bool, list_bugs: bool) -> None:
    """List the shipped models with their switches.

    A switch is shown with its default and what it means; `pagestate check --set` changes it.
    """
    if list_bugs:
        problem = emit(listing(as_json), sys.stdout)
        if problem:
            raise UserError(problem)
        return
    loaded = {name: load(name) for name in shipped_names()}
    if as_json:
        text = json.dumps({name: _object(model) for name, model in loaded.items()}, indent=2)
    else:
        text = "\n".join(line for name, model in loaded.items() for line in _lines(name, model))
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
    }


def _lines(name: str, model: Model) -> list[str]:
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
    return lines


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
