"""The gate's configuration: ``[tool.pagestate]`` of pyproject.toml, or pagestate.toml.

What counts, the strongest first: options of the command line, environment variables
(``PAGESTATE_TIMEOUT``), the file, the defaults.  Every value remembers where it comes from.
Unknown keys and wrong values are errors that name the place; all of them are reported at once.
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pagestate.core.verdict import Verdict
from pagestate.gate import toml, values
from pagestate.gate.values import Parse

FILES = ("pagestate.toml", "pyproject.toml")


class ConfigError(Exception):
    """The configuration is wrong; one line per problem."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting: its name, how a value is read, its default, what it means.

    ``each``: a ``[[model]]`` table may set it for its models.
    """

    name: str
    parse: Parse
    default: Any
    help: str
    each: bool = False


OPTIONS = (
    Option("models", values.texts, (), "names, paths and globs of the models to check"),
    Option("exclude", values.texts, (), "paths and globs among them that are left out"),
    Option("engine", values.engine, "auto", "which engine decides", each=True),
    Option("depth", values.count, None, "look at the first so many steps only", each=True),
    Option("enough", values.enough, "proof", "proof, or bounded:K", each=True),
    Option("timeout", values.duration, 600.0, "seconds for a job's engines", each=True),
    Option("grace", values.duration, 60.0, "seconds more before a job is killed", each=True),
    Option("memory", values.memory, None, "bytes for each process of a job", each=True),
    Option("rlimit", values.count, 0, "work of one solver call, in Z3's units", each=True),
    Option("properties", values.groups, "together", "how properties form jobs", each=True),
    Option("jobs", values.slots, 0, "how many jobs at once"),
    Option("executor", values.text, "local", "local, dask://HOST:PORT or module:factory"),
    Option("cache", values.directory, ".pagestate_cache", "folder of earlier answers, or false"),
    Option("results", values.text, "pagestate-results.jsonl", "where results are kept"),
    Option("baseline", values.directory, "", "file of known results; fail on worse ones only"),
)
BY_NAME = {option.name: option for option in OPTIONS}
PER_MODEL = tuple(option.name for option in OPTIONS if option.each)
REPORTS = ("junit", "sarif", "markdown", "html")
_MODEL_KEYS = ("name", "switches", "sizes", "scenarios", *PER_MODEL)
_EXPECT_KEYS = (
    "model",
    "property",
    "verdict",
    "reason",
    "switches",
    "sizes",
    "scenario",
    "until",
)
EXPECTABLE = (Verdict.VIOLATED, Verdict.VACUOUS, Verdict.UNKNOWN, Verdict.BOUNDED)
"""What a property may be excused for; that it holds needs no excuse."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it comes from: ``pagestate.toml:4``, ``--timeout``, ``default``."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Selection:
    """A ``[[model]]`` table: how the models that match ``name`` are checked.

    ``scenarios`` None: all that the model has.
    """

    name: str
    switches: tuple[Mapping[str, str], ...]
    sizes: tuple[Mapping[str, str], ...]
    scenarios: tuple[str, ...] | None
    settings: Mapping[str, Setting]
    origin: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """An ``[[expect]]`` table: a verdict that is excused, why, and until when.

    ``switches`` names the valuation by what differs from the model's defaults; ``sizes`` and
    ``scenario`` narrow it down where they are given.
    """

    model: str
    properties: tuple[str, ...]
    verdict: Verdict
    reason: str
    switches: Mapping[str, str]
    sizes: Mapping[str, str]
    scenario: str | None
    until: date | None
    origin: str


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; ``root`` is the folder that its paths are relative to."""

    file: Path | None
    root: Path
    settings: Mapping[str, Setting]
    reports: Mapping[str, Setting]
    selections: tuple[Selection, ...] = ()
    expectations: tuple[Expectation, ...] = ()

    def get(self, name: str) -> Any:
        """The value of a setting."""
        return self.settings[name].value


@dataclass
class _Reading:
    """One file being read; ``problems`` collects what is wrong with it."""

    file: Path | None = None
    lines: Mapping[toml.Path, int] = field(default_factory=dict)
    prefix: toml.Path = ()
    problems: list[str] = field(default_factory=list)

    def place(self, *path: str | int) -> str:
        """``file:line`` of a key."""
        name = self.file.name if self.file else "configuration"
        where: toml.Path = (*self.prefix, *path)
        while where and where not in self.lines:
            where = where[:-1]
        return f"{name}:{self.lines[where]}" if where else name

    def wrong(self, what: str, *path: str | int) -> None:
        self.problems.append(f"{self.place(*path)}: {what}")

    def known(self, table: Mapping[str, object], names: Sequence[str], *path: str | int) -> None:
        """Complain about keys that are none of ``names``."""
        for key in table:
            if key not in names:
                close = get_close_matches(key, names, 1)
                hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(names)}"
                self.wrong(f"unknown key {key!r}; {hint}", *path, key)

    def parsed(self, parse: Parse, value: object, default: Any, *path: str | int) -> Any:
        """The value, or the default and a complaint."""
        try:
            return parse(value)
        except ValueError as error:
            self.wrong(f"{path[-1]}: {error}", *path)
            return default

    def tables(self, top: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        """An array of tables."""
        found = top.get(name, [])
        if not isinstance(found, list) or not all(isinstance(t, dict) for t in found):
            self.wrong(f"{name} must be written as [[{name}]] tables", name)
            return []
        return found


def find_file(start: Path) -> Path | None:
    """The nearest configuration, from ``start`` upwards.  Raises ConfigError."""
    for folder in [start.resolve(), *start.resolve().parents]:
        for name in FILES:
            path = folder / name
            if path.is_file() and (name == FILES[0] or _table(_parse(path)[0], path) is not None):
                return path
    return None


def load(
    file: Path | None,
    start: Path,
    options: Mapping[str, tuple[object, str]],
    environ: Mapping[str, str] | None = None,
) -> Config:
    """The configuration of ``file`` (None: the nearest one from ``start`` upwards, if any).

    ``options`` are settings of the command line, with the option that gave them.  Raises
    ConfigError, and OSError if the file cannot be read.
    """
    file = file or find_file(start)
    reading, top = _Reading(), dict[str, Any]()
    if file is not None:
        whole, text = _parse(file)
        table = _table(whole, file)
        if table is None:
            raise ConfigError(f"{file}: there is no [tool.pagestate] table")
        prefix: toml.Path = ("tool", "pagestate") if file.name == FILES[1] else ()
        reading, top = _Reading(file, toml.lines_of(text), prefix), table
    reading.known(top, [*BY_NAME, "reports", "model", "expect"])
    settings = {o.name: Setting(o.default, "default") for o in OPTIONS}
    settings |= _settings(reading, top, BY_NAME)
    environ = os.environ if environ is None else environ
    for option in OPTIONS:
        variable = f"PAGESTATE_{option.name.upper()}"
        if variable in environ:
            _override(reading, settings, option, environ[variable], variable)
    reading.problems += _misspelt(environ)
    for name, (value, origin) in options.items():
        _override(reading, settings, BY_NAME[name], value, origin)
    config = Config(
        file,
        (file.parent if file else start).resolve(),
        settings,
        _reports(reading, top),
        tuple(_selections(reading, top)),
        tuple(_expectations(reading, top)),
    )
    if reading.problems:
        raise ConfigError("\n".join(reading.problems))
    return config


def _misspelt(environ: Mapping[str, str]) -> Iterator[str]:
    """Variables that are nearly those of a setting; other programs may have others."""
    variables = [f"PAGESTATE_{name.upper()}" for name in BY_NAME]
    for name in environ:
        if name.startswith("PAGESTATE_") and name not in variables:
            for close in get_close_matches(name, variables, 1, 0.9):
                yield f"unknown variable {name!r}; did you mean {close}?"


def _parse(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _table(whole: Mapping[str, Any], path: Path) -> dict[str, Any] | None:
    if path.name != FILES[1]:
        return dict(whole)
    tool = whole.get("tool", {})
    table = tool.get("pagestate") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _override(
    reading: _Reading, settings: dict[str, Setting], option: Option, value: object, origin: str
) -> None:
    try:
        settings[option.name] = Setting(option.parse(value), origin)
    except ValueError as error:
        reading.problems.append(f"{origin}: {error}")


def _settings(
    reading: _Reading, table: Mapping[str, Any], among: Mapping[str, Option], *path: str | int
) -> dict[str, Setting]:
    """The settings that ``table`` makes."""
    found = dict[str, Setting]()
    for name, option in among.items():
        if name in table:
            value = reading.parsed(option.parse, table[name], option.default, *path, name)
            found[name] = Setting(value, reading.place(*path, name))
    return found


def _reports(reading: _Reading, top: Mapping[str, Any]) -> dict[str, Setting]:
    table = top.get("reports", {})
    if not isinstance(table, dict):
        reading.wrong("reports must be a table, such as { junit = 'out/junit.xml' }", "reports")
        return {}
    reading.known(table, REPORTS, "reports")
    return {
        name: Setting(
            reading.parsed(values.text, table[name], "", "reports", name),
            reading.place("reports", name),
        )
        for name in REPORTS
        if name in table
    }


def _selections(reading: _Reading, top: Mapping[str, Any]) -> list[Selection]:
    found = list[Selection]()
    for n, table in enumerate(reading.tables(top, "model")):
        at = ("model", n)
        reading.known(table, _MODEL_KEYS, *at)
        if "name" not in table:
            reading.wrong("a [[model]] table needs a name", *at)
            continue
        scenarios = table.get("scenarios")
        found.append(
            Selection(
                reading.parsed(values.text, table["name"], "", *at, "name"),
                _combinations(reading, table, *at, "switches"),
                _combinations(reading, table, *at, "sizes"),
                None
                if scenarios is None
                else reading.parsed(values.texts, scenarios, (), *at, "scenarios"),
                _settings(reading, table, {n: BY_NAME[n] for n in PER_MODEL}, *at),
                reading.place(*at),
            )
        )
    return found


def _combinations(
    reading: _Reading, table: Mapping[str, Any], *path: str | int
) -> tuple[Mapping[str, str], ...]:
    name = str(path[-1])
    if name not in table:
        return ({},)
    found: tuple[Mapping[str, str], ...] = reading.parsed(
        values.combinations, table[name], ({},), *path
    )
    return found


def _expectations(reading: _Reading, top: Mapping[str, Any]) -> list[Expectation]:
    found = list[Expectation]()
    for n, table in enumerate(reading.tables(top, "expect")):
        at = ("expect", n)
        reading.known(table, _EXPECT_KEYS, *at)
        missing = [k for k in ("model", "property", "verdict", "reason") if k not in table]
        if missing:
            reading.wrong(f"an [[expect]] table needs {' and '.join(missing)}", *at)
            continue

        def read(
            name: str,
            parse: Callable[[object], Any],
            default: Any,
            table: Mapping[str, Any] = table,
            at: tuple[str | int, ...] = at,
        ) -> Any:
            if name not in table:
                return default
            return reading.parsed(parse, table[name], default, *at, name)

        found.append(
            Expectation(
                read("model", values.text, ""),
                read("property", values.texts, ()),
                read("verdict", _verdict, Verdict.VIOLATED),
                read("reason", values.text, ""),
                read("switches", values.words, {}),
                read("sizes", values.words, {}),
                read("scenario", values.text, None),
                read("until", _day, None),
                reading.place(*at),
            )
        )
    return found


def _verdict(value: object) -> Verdict:
    if value not in list(EXPECTABLE):
        names = ", ".join(v.value for v in EXPECTABLE)
        raise ValueError(f"{value!r} cannot be expected: one of {names}")
    return Verdict(str(value))


def _day(value: object) -> date:
    if type(value) is date:
        return value
    if isinstance(value, str):
        return date.fromisoformat(value)
    raise ValueError("must be a date such as 2027-01-01")
