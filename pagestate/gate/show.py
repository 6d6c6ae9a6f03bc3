"""``gate --show-config``: every setting, and where its value comes from."""

from collections.abc import Iterator, Mapping
from typing import Any

from pagestate.gate.config import OPTIONS, REPORTS, Config, Setting


def show_config(config: Config) -> str:
    """The configuration as lines of TOML, each with its origin behind it."""
    lines = [f"# {config.file}" if config.file else "# no configuration file: defaults"]
    lines += _settings(config.settings, [o.name for o in OPTIONS])
    if config.reports:
        lines += ["", "[reports]", *_settings(config.reports, REPORTS)]
    for chosen in config.selections:
        lines += ["", f"[[model]]  # {chosen.origin}", f"name = {toml(chosen.name)}"]
        for name, rows in (("switches", chosen.switches), ("sizes", chosen.sizes)):
            if rows != ({},):
                lines.append(f"{name} = {toml(list(rows))}")
        if chosen.scenarios is not None:
            lines.append(f"scenarios = {toml(chosen.scenarios)}")
        lines += _settings(chosen.settings, list(chosen.settings))
    for expected in config.expectations:
        lines += [
            "",
            f"[[expect]]  # {expected.origin}",
            f"model = {toml(expected.model)}",
            f"property = {toml(expected.properties)}",
            f"verdict = {toml(expected.verdict.value)}",
            f"reason = {toml(expected.reason)}",
        ]
        for name, value in (
            ("switches", expected.switches),
            ("sizes", expected.sizes),
            ("scenario", expected.scenario),
        ):
            if value:
                lines.append(f"{name} = {toml(value)}")
        if expected.until:
            lines.append(f"until = {expected.until.isoformat()}")
    return "\n".join(lines)


def _settings(settings: Mapping[str, Setting], names: "list[str] | tuple[str, ...]") -> list[str]:
    shown = {n: _line(n, settings[n].value) for n in names if n in settings}
    wide = max((len(line) for line in shown.values() if len(line) < 44), default=0)
    return [f"{line:<{wide}}  # {settings[n].origin}" for n, line in shown.items()]


def _line(name: str, value: Any) -> str:
    return f"# {name} is not set" if value is None else f"{name} = {_value(name, value)}"


def _value(name: str, value: Any) -> str:
    match name, value:
        case "jobs", 0:
            return '"auto"'
        case "timeout" | "grace", _:
            return f'"{value:g}s"'
        case (("cache" | "baseline"), ""):
            return "false"
    return toml(value)


def toml(value: Any) -> str:
    """``value`` as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    if isinstance(value, int | float):
        return str(value)
    return '"' + "".join(_escaped(str(value))) + '"'


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isalnum() and plain.isascii() else toml(name)


def _escaped(text: str) -> Iterator[str]:
    for c in text:
        if c in '"\\':
            yield "\\" + c
        elif c.isprintable():
            yield c
        else:
            yield f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
