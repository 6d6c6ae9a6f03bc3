"""``pagestate models``: what is shipped."""

import json

import click

from pagestate.cli.failure import user_errors
from pagestate.cli.report import show
from pagestate.lang.load import load_model, shipped_names


@click.command(
    epilog="""\b
Examples:
  pagestate models
  pagestate models --json"""
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead.")
def models(as_json: bool) -> None:
    """List the shipped models, a line each, with their switches."""
    with user_errors():
        loaded = {name: load_model(name) for name in shipped_names()}
    if as_json:
        listing = {
            name: {
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
            for name, model in loaded.items()
        }
        click.echo(json.dumps(listing, indent=2))
        return
    for name, model in loaded.items():
        click.echo(f"{name}: {_first_line(model.doc)}")
        switches = model.declared_switches()
        wide = max((len(f"{s.name}={show(s.default)}") for s in switches), default=0)
        for switch in switches:
            setting = f"{switch.name}={show(switch.default)}"
            click.echo(f"    {setting:<{wide}}  {switch.meaning}")


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
