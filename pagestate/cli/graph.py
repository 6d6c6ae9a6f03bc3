"""``pagestate graph``: the states of a small instance, or the life of one page."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from pagestate.check.request import COUNT_BOUND, Request, make_request, size_words
from pagestate.cli.failure import UserError, load, user_errors
from pagestate.cli.files import check_target, emit, write_whole
from pagestate.cli.options import pairs
from pagestate.graph.draw import render_svg
from pagestate.graph.formats import render_dot, render_graphml, render_html
from pagestate.graph.lifecycle import lifecycle_graph, plain_watch, watch_of
from pagestate.graph.picture import Picture
from pagestate.graph.reach import TooManyStates, reachable
from pagestate.graph.states import state_graph

_FORMATS: Mapping[str, Callable[[Picture], str]] = {
    "dot": render_dot,
    "graphml": render_graphml,
    "html": render_html,
    "svg": render_svg,
}
_MOST = {True: 50_000, False: 2_000}


@click.command(
    short_help="Draw the states of a small instance.",
    epilog="""\b
Examples:
  pagestate graph v6_12 --scenario settled --size page=1 -o lifecycle.svg
  pagestate graph my_model.py --fields refcount,offline -o life.html
  pagestate graph my_model.py --states --size page=1 | dot -Tpdf > states.pdf

\b
Formats:
  dot      for Graphviz
  graphml  for yEd, Gephi, networkx and others
  html     a page with the picture and a table of it
  svg      a picture""",
)
@click.argument("model")
@click.option("--scenario", default="", metavar="NAME", help="The actors of this scenario.")
@click.option(
    "--set", "settings", multiple=True, metavar="SWITCH=VALUE", help="Set a switch of the model."
)
@click.option(
    "--size", "sizes", multiple=True, metavar="SORT=N", help="How many there are of SORT."
)
@click.option(
    "--lifecycle/--states",
    "life",
    default=True,
    show_default=True,
    help="The abstract states of one page and who moves it, or every reachable state.",
)
@click.option(
    "--of",
    "member",
    metavar="SORT=N",
    help="Whose life.  [default: that of the first page, or whatever the model names]",
)
@click.option(
    "--fields",
    metavar="NAME,...",
    help="Tell its states apart by these fields.  [default: by the words of the model, else all]",
)
@click.option(
    "--max-states",
    type=click.IntRange(min=1),
    metavar="N",
    help="Give up beyond N states.  [default: 50000; with --states 2000]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    help="What to write.  [default: by the name of the output, else dot]",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
def graph(
    model: str,
    scenario: str,
    settings: Sequence[str],
    sizes: Sequence[str],
    life: bool,
    member: str | None,
    fields: str | None,
    max_states: int | None,
    form: str | None,
    output: Path | None,
) -> None:
    """Draw the reachable states of a small instance of MODEL.

    By default the life of one page: its states in words, and which step of which thread leads
    from one to another. Every edge is taken in some execution of the instance.
    """
    if not life and (fields or member):
        raise UserError("--fields and --of are about --lifecycle")
    if output is not None:
        check_target(output)
        form = form or output.suffix.removeprefix(".")
        if form not in _FORMATS:
            raise UserError(f"{output}: --format says which of {', '.join(_FORMATS)} it is to be")
    declared = load(model)
    with user_errors():
        if not scenario and declared.scenarios:
            names = ", ".join(s.name for s in declared.scenarios)
            raise UserError(f"{declared.name} has scenarios: choose one by --scenario ({names})")
        request = make_request(declared, pairs(settings, "--set"), pairs(sizes, "--size"), (),
                               scenario)  # fmt: skip
        if request.unbounded:
            raise UserError("--size any: a graph is of a finite instance")
        picture = _picture(request, life, member, fields, max_states or _MOST[life])
    try:
        text = _FORMATS[form or "dot"](picture)
    except ValueError as error:
        raise UserError(f"{error}; choose fewer --fields, or another --format") from None
    for note in picture.notes[1:]:
        click.echo(f"pagestate: {note}", err=True)
    if output is not None:
        with user_errors():
            write_whole(output, text if text.endswith("\n") else text + "\n")
        return
    problem = emit(text.rstrip("\n"), sys.stdout)
    if problem:
        raise UserError(problem)


def _picture(
    request: Request, life: bool, member: str | None, fields: str | None, most: int
) -> Picture:
    compiled, sizes = request.compiled, request.bounds(COUNT_BOUND)
    sort, number = _member(request, member)
    if life:
        chosen = tuple(f.strip() for f in (fields or "").split(",") if f.strip())
        given = None if chosen else watch_of(compiled, sort)
        watch = given or plain_watch(compiled, sort or _sort(request), chosen)
        if number >= request.sizes.get(watch.sort, number + 1):
            raise UserError(f"--of {member}: there is no such member; see --size")
    try:
        reached = reachable(compiled.system, sizes, most)
    except TooManyStates as many:
        raise UserError(
            f"{many} with {request.scope}; smaller --size, or a higher --max-states"
        ) from None
    made = (
        lifecycle_graph(compiled, sizes, reached, watch, number)
        if life
        else state_graph(compiled.system, reached)
    )
    what = " ".join(filter(None, (compiled.model.name, request.scenario)))
    notes = [f"{what}: {size_words(request.sizes)}, {len(reached.states)} reachable states"]
    if reached.overflow:
        bound = f"a counter reaches its bound ({reached.overflow}, {COUNT_BOUND})"
        notes.append(f"{bound}: the steps beyond it are not in the graph")
    return replace(made, title=f"{what}: {made.title}", notes=tuple(notes))


def _member(request: Request, text: str | None) -> tuple[str, int]:
    if text is None:
        return "", 0
    sort, equals, number = text.partition("=")
    if not equals or not number.isdecimal() or sort not in request.sizes:
        raise UserError(f"--of {text}: write it as --of SORT=N, of {', '.join(request.sizes)}")
    return sort, int(number)


def _sort(request: Request) -> str:
    """The sort whose members have a life: pages, or what else most fields are kept of."""
    kept = [
        v.dims[0].name
        for v in request.compiled.system.variables
        if v.thread is None and len(v.dims) == 1
    ]
    if not kept:
        raise UserError("no field is kept per page or the like; --states draws all states")
    return "page" if "page" in kept else max(dict.fromkeys(kept), key=kept.count)
