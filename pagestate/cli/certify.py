"""``pagestate certify``: check written proofs again, by another way and with another solver."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pagestate.check.certificate import INDEX
from pagestate.check.outcome import Exit
from pagestate.check.recertify import BadCertificate, read_index, recertify, request_of
from pagestate.check.request import size_words
from pagestate.check.solvers import SOLVERS, NoSolver
from pagestate.cli.failure import UserError, load
from pagestate.lang.diagnostics import ModelError

_SHOWN = 5


@click.command(
    short_help="Check a written proof again, with an independent solver.",
    epilog="""\b
Examples:
  pagestate prove rfc_v3 --set revive=false --set unload=false --certificate out
  pagestate certify out
  pagestate certify out --solver z3

\b
Exit codes:
  0  every certificate holds
  1  one does not: it was changed, is of another model, or proves nothing
  2  no certificate there, a model that cannot be loaded, or the solver is not installed""",
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--solver",
    type=click.Choice(SOLVERS),
    default=SOLVERS[0],
    show_default=True,
    help="cvc5 shares nothing with what found the proof; it comes with pagestate[certify].",
)
@click.option(
    "--model",
    metavar="MODEL",
    help="Check against this model.  [default: the one that the certificate names]",
)
def certify(directory: Path, solver: str, model: str | None) -> None:
    """Check the certificates in DIRECTORY (or the one that it is).

    Every proof obligation is built again from the model and the laws of the certificate, straight
    from the core, and compared with the stored script; then the solver refutes each.
    """
    found = list(_certificates(directory))
    if not found:
        raise UserError(f"{directory}: there is no certificate (no {INDEX})")
    bad = 0
    for folder in found:
        try:
            title, problems = _check(folder, solver, model)
        except NoSolver as error:
            raise UserError(str(error)) from None
        bad += bool(problems)
        click.echo(f"{'FAIL' if problems else 'ok':<4}  {folder}: {title}")
        for problem in problems[:_SHOWN]:
            click.echo(f"      {problem}")
        if len(problems) > _SHOWN:
            click.echo(f"      and {len(problems) - _SHOWN} more")
    sys.exit(int(Exit.FAILED if bad else Exit.OK))


def _certificates(directory: Path) -> Iterator[Path]:
    if (directory / INDEX).exists():
        yield directory
        return
    yield from sorted(p.parent for p in directory.glob(f"*/{INDEX}"))


def _check(folder: Path, solver: str, model: str | None) -> tuple[str, tuple[str, ...]]:
    """What a certificate is of, and what is wrong with it.  Raises UserError, NoSolver."""
    try:
        index = read_index(folder)
    except BadCertificate as error:
        return "not a certificate", (str(error),)
    about = index.about
    declared = load(model or about.model)
    try:
        request = request_of(index, declared)
    except ModelError as error:
        return about.model, (str(error).splitlines()[0],)
    try:
        problems = recertify(folder, index, request, solver)
    except BadCertificate as error:
        return about.model, (str(error),)
    scenario = f" {about.scenario}" if about.scenario else ""
    goals = {p.name for p in request.properties if p.kind == "reachable"}
    names = ", ".join(f"{n} is not reachable" if n in goals else n for n in index.properties)
    scope = size_words(request.sizes, request.unbounded)
    if problems:
        return f"{declared.name}{scenario}, {scope}", problems
    scripts = len(list(folder.glob("*.smt2")))
    said = f"{declared.name}{scenario}, {scope}: {names} ({scripts} obligations, {solver})"
    return said, ()
