"""``pagestate gate`` and what belongs to it: ``report``, ``baseline``, ``cache``."""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from pagestate.check.outcome import Exit
from pagestate.cli.failure import UserError, user_errors
from pagestate.cli.files import emit, write_whole
from pagestate.gate import run as running
from pagestate.gate.baseline import baseline_text
from pagestate.gate.config import Config, ConfigError, load
from pagestate.gate.jobs import Job
from pagestate.gate.records import DONE, Record
from pagestate.gate.report import Report, make_report
from pagestate.gate.reports import github, html, summary
from pagestate.gate.reports.formats import DOCUMENTS
from pagestate.gate.show import show_config
from pagestate.gate.store import BadResults, read

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_REPORTS = (
    ("--junit", "FILE", "JUnit XML"),
    ("--sarif", "FILE", "SARIF 2.1.0"),
    ("--markdown", "FILE", "Markdown"),
    ("--html", "DIR", "a page for browsers, with its pages of traces"),
)


def _reports(command: F) -> F:
    for option, metavar, what in reversed(_REPORTS):
        command = click.option(option, metavar=metavar, help=f"Also write {what}.")(command)
    return command


@contextmanager
def _refused() -> Iterator[None]:
    """What is wrong with configuration, results or files is the user's to read: exit code 2."""
    try:
        with user_errors():
            yield
    except (ConfigError, BadResults) as error:
        raise UserError(str(error)) from None


@click.command(
    short_help="The CI gate: check what is configured, fail when it got worse.",
    epilog="""\b
Examples:
  pagestate gate
      everything that [tool.pagestate] or pagestate.toml asks for
  pagestate gate rfc_v3 -j 4 --timeout 20m
      one model of it, four jobs at once
  pagestate gate --since origin/main --allow-empty
      only models whose files changed
  pagestate gate --baseline pagestate-baseline.json --sarif out.sarif
      fail only on what got worse since the baseline was written
  pagestate gate --show-config
      every setting, and where its value comes from

\b
Exit codes (the first that applies, in the order 130, 4, 2, 1, 3, 5, 0):
  0    every property met its expectation
  1    a violation, a vacuous property, an expected violation that is gone
  2    an error in the configuration or in a model, or a report that cannot be written
  3    inconclusive: unknown, or less than what counts as enough
  4    internal error: engines disagree, a replay or a certificate check failed
  5    nothing selected
  130  interrupted (what was decided is kept, and the next run goes on)""",
)
@click.argument("models", nargs=-1)
@click.option("--config", "file", type=_FILE, metavar="FILE", help="Use this configuration.")
@click.option("-j", "--jobs", metavar="N|auto", help="How many jobs at once.")
@click.option("--timeout", metavar="TIME", help="For the engines of each job: 90s, 10m, 1h.")
@click.option("--memory", metavar="SIZE", help="For each process of a job: 512MiB, 4GiB.")
@click.option("--engine", metavar="NAME", help="Which engine decides.")
@click.option("--enough", metavar="WHAT", help="What a property needs: proof, or bounded:K.")
@click.option("--since", metavar="REV", default="", help="Only models changed since REV, by git.")
@click.option("--baseline", metavar="FILE", help="Fail only on what is worse than in FILE.")
@click.option("--executor", metavar="WHERE", help="local, dask://HOST:PORT, or module:factory.")
@click.option("--results", metavar="FILE", help="Where results are kept.")
@click.option("--cache", metavar="DIR", help="Where answers are kept between runs.")
@click.option("--no-cache", is_flag=True, help="Compute everything.")
@click.option("--fresh", is_flag=True, help="Do not go on with a run that was killed.")
@_reports
@click.option("--allow-empty", is_flag=True, help="Nothing selected is fine: exit 0.")
@click.option("--show-config", is_flag=True, help="Print every setting with its origin, and end.")
@click.option("--list", "listing", is_flag=True, help="Print the jobs, and end.")
def gate(
    models: Sequence[str],
    file: Path | None,
    since: str,
    no_cache: bool,
    fresh: bool,
    allow_empty: bool,
    show_config: bool,
    listing: bool,
    **given: str | None,
) -> None:
    """Check every model, valuation, scenario and size that is configured, and judge the results.

    MODELS select some of them (or add one that is not configured). Every job has a process of its
    own with limits; answers are kept, and looked at again when they are used again.
    """
    with _refused():
        config = _configured(file, models, no_cache, given)
        if show_config:
            problem = emit(_show(config), sys.stdout)
            if problem:
                raise UserError(problem)
            return
        todo = running.planned(config, models, since)
        if listing:
            emit("\n".join(_listed(todo)), sys.stdout)
            return
        results = running.run(todo, _tell, fresh)
    with _refused():
        report = make_report(results)
        problems = _deliver(report, _report_files(config, given))
    emit(summary.render_log(report), sys.stdout)
    for line in github.deliver(report):
        emit(line, sys.stdout)
    for problem in problems:
        click.echo(f"pagestate: {problem}", err=True)
    code = report.judgement.code
    if problems and code in (Exit.OK, Exit.NOTHING, Exit.INCONCLUSIVE, Exit.FAILED):
        code = Exit.USAGE
    if code == Exit.NOTHING and allow_empty:
        code = Exit.OK
    sys.exit(int(code))


def _configured(
    file: Path | None, models: Sequence[str], no_cache: bool, given: Mapping[str, str | None]
) -> Config:
    options: dict[str, tuple[object, str]] = {
        name: (given[name], f"--{name}")
        for name in (
            "jobs",
            "timeout",
            "memory",
            "engine",
            "enough",
            "baseline",
            "executor",
            "results",
            "cache",
        )
        if given.get(name) is not None
    }
    if options.get("baseline"):  # given here, it is relative to here
        options["baseline"] = (str(Path(str(given["baseline"])).resolve()), "--baseline")
    if no_cache:
        options["cache"] = (False, "--no-cache")
    config = load(file, Path.cwd(), options)
    if not config.get("models") and not models and not config.selections and config.file is None:
        message = "there is no configuration here (pagestate.toml, or [tool.pagestate])"
        raise UserError(f"{message}; name the models to check")
    return config


def _show(config: Config) -> str:
    return show_config(config)


def _listed(todo: running.Planned) -> Iterator[str]:
    for job in todo.jobs:
        yield f"{job.id}  {job.label}: {job.group or 'all properties'}"
    for problem in todo.problems:
        yield f"error: {problem}"


def _tell(job: Job, record: Record, number: int, of: int) -> None:
    """A line for a job that is done."""
    known = sum(bool(f.recheck) for f in record.findings)
    cached = f", {known} of {len(record.findings)} known" if known else ""
    status = "" if record.status == DONE else f"  {record.status}"
    name = f"{job.label} {job.group}".strip()
    emit(f"[{number}/{of}] {name}  {record.seconds:.1f} s{cached}{status}", sys.stdout)


def _report_files(config: Config, given: Mapping[str, str | None]) -> dict[str, Path]:
    files = {n: config.root / str(s.value) for n, s in config.reports.items()}
    chosen = {n: Path(str(given[n])) for n in (*DOCUMENTS, "html") if given.get(n)}
    return files | chosen


def _deliver(report: Report, files: Mapping[str, Path]) -> list[str]:
    """Write the reports; what could not be written.  One that fails keeps no other from it."""
    problems = list[str]()
    for name, path in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if name == "html":
                html.write(report, path)
            else:
                text = DOCUMENTS[name](report)
                write_whole(path, text.encode(errors="replace").decode())
        except OSError as error:
            problems.append(f"{path}: {error.strerror or error}")
    return problems


@click.command(
    short_help="Make the reports again from a gate's results.",
    epilog="""\b
Examples:
  pagestate report pagestate-results.jsonl
  pagestate report pagestate-results.jsonl --junit out/junit.xml --html out/html""",
)
@click.argument("results", type=_FILE)
@_reports
@click.option("--github", "on_github", is_flag=True, help="Print GitHub annotations.")
@click.option("--exit-code", is_flag=True, help="End with the exit code of the gate.")
def report(results: Path, on_github: bool, exit_code: bool, **given: str | None) -> None:
    """Make reports from RESULTS, without checking anything again.

    Ends with 0 when they could be written, whatever they say.
    """
    with _refused():
        made = make_report(read(results))
        files = {n: Path(str(given[n])) for n in (*DOCUMENTS, "html") if given.get(n)}
        problems = _deliver(made, files)
    emit(summary.render_log(made), sys.stdout)
    for line in github.annotations(made) if on_github else ():
        emit(line, sys.stdout)
    if problems:
        raise UserError("\n".join(problems))
    if exit_code:
        sys.exit(int(made.judgement.code))


@click.group(short_help="Keep what is known, so that a gate fails on worse only.")
def baseline() -> None:
    """The baseline: a file of known results, to be committed."""


@baseline.command(
    "write",
    epilog="""\b
Examples:
  pagestate gate; pagestate baseline write
  pagestate gate --baseline pagestate-baseline.json""",
)
@click.option("--results", type=_FILE, metavar="FILE", help="Results of a finished gate.")
@click.option(
    "--output",
    "-o",
    type=_FILE,
    metavar="FILE",
    default=Path("pagestate-baseline.json"),
    show_default=True,
    help="The baseline to write.",
)
@click.option("--config", "file", type=_FILE, metavar="FILE", help="Use this configuration.")
def write(results: Path | None, output: Path, file: Path | None) -> None:
    """Write a baseline from the results of the last gate."""
    with _refused():
        if results is None:
            config = load(file, Path.cwd(), {})
            results = config.root / config.get("results")
        text = baseline_text(read(results))
        write_whole(output, text)
    emit(f"{output}: written", sys.stdout)


@click.group(short_help="Answers kept between gates.")
def cache() -> None:
    """The cache of answers."""


@cache.command()
@click.option("--config", "file", type=_FILE, metavar="FILE", help="Use this configuration.")
def info(file: Path | None) -> None:
    """Say where the cache is and how much is in it."""
    folder = _cache_folder(file)
    entries = list(folder.glob("v*/*/*.json")) if folder else []
    size = sum(e.stat().st_size for e in entries)
    emit(f"{folder or 'no cache'}: {len(entries)} entries, {size / 1024:.0f} KiB", sys.stdout)


@cache.command()
@click.option("--config", "file", type=_FILE, metavar="FILE", help="Use this configuration.")
def clean(file: Path | None) -> None:
    """Remove the cache."""
    folder = _cache_folder(file)
    if folder is None or not folder.exists():
        emit("there is no cache", sys.stdout)
        return
    if not (folder / "CACHEDIR.TAG").exists():
        raise UserError(f"{folder}: is no cache of pagestate; it is left alone")
    with _refused():
        shutil.rmtree(folder)
    emit(f"{folder}: removed", sys.stdout)


def _cache_folder(file: Path | None) -> Path | None:
    with _refused():
        config = load(file, Path.cwd(), {})
    name = config.get("cache")
    return config.root / name if name else None
