"""Jobs: one model under one valuation, in one scenario, at one size, with a group of properties.

A job is plain data, JSON in and JSON out.  Its identity is a digest of everything that its answer
depends on, the contents of the model's files and of this program among them: a result with that
identity is a result of this job, whenever it was computed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pagestate.check.request import BUILTIN
from pagestate.gate.config import PER_MODEL, Config, ConfigError, Selection, Setting
from pagestate.gate.names import matches, near_names

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """What is checked by itself: a scenario of a model, or (no name) all of one without scenarios.

    ``switches`` has the defaults there, as they are written on the command line.
    """

    name: str | None
    switches: Words
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """What a model says about itself when it is loaded.

    ``model`` is what loads it (a shipped name, or a path relative to the root); ``files`` are the
    files it was made of, and ``digest`` is of their contents.  ``choices`` are the values of its
    switches.
    """

    model: str
    name: str
    file: str
    files: tuple[str, ...]
    digest: str
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the scenarios."""
        return tuple(p.name for p in self.parts if p.name is not None)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def described_from(body: Mapping[str, Any]) -> Described:
    """What :meth:`Described.to_json` wrote.  Raises KeyError, TypeError."""
    changes = {
        "files": tuple(body["files"]),
        "choices": {name: tuple(c) for name, c in body["choices"].items()},
        "parts": tuple(Part(**{**p, "properties": tuple(p["properties"])}) for p in body["parts"]),
    }
    return Described(**{**body, **changes})


@dataclass(frozen=True, slots=True)
class Job:
    """A unit of work.  ``switches`` and ``sizes`` have what differs from the model's defaults.

    ``properties`` empty: all; the built-in rules among them are those that the model can break.
    ``expects`` are the properties known to be answered, for the case
    that the job does not live to say it.
    """

    model: str
    name: str
    file: str
    digest: str
    switches: Words
    valuation: Words
    scenario: str | None
    sizes: Words
    properties: tuple[str, ...]
    expects: tuple[str, ...]
    engine: str
    depth: int | None
    enough: str
    timeout: float
    grace: float
    memory: int | None
    rlimit: int

    @property
    def id(self) -> str:
        """The identity: jobs with the same one have the same answer."""
        body = asdict(self)
        for name in ("enough", "expects", "grace"):
            del body[name]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:24]

    @property
    def group(self) -> str:
        """Its properties for people; empty: all."""
        if set(self.properties) == BUILTIN:
            return "built-in rules"
        return ", ".join(self.properties)

    @property
    def with_rules(self) -> bool:
        """Whether the built-in rules are checked, too."""
        return not self.properties or set(self.properties) >= BUILTIN

    @property
    def label(self) -> str:
        """The job for people: ``rfc_v3[hook=false page=3]``."""
        parts = [f"{n}={v}" for n, v in {**self.switches, **self.sizes}.items()]
        if self.scenario is not None:
            parts.insert(0, f"scenario {self.scenario}")
        if self.engine != "auto":
            parts.append(self.engine)
        return f"{self.name}[{', '.join(parts)}]" if parts else self.name

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def job_from(body: Mapping[str, Any]) -> Job:
    """The job that :meth:`Job.to_json` wrote.  Raises KeyError, TypeError."""
    return Job(
        **{**body, "properties": tuple(body["properties"]), "expects": tuple(body["expects"])}
    )


def plan(config: Config, models: Sequence[Described]) -> list[Job]:
    """The jobs of ``models``.  Raises ConfigError for tables that fit no model."""
    problems, jobs = list[str](), list[Job]()
    for model in models:
        chosen = [s for s in config.selections if matches(model, s.name)]
        for selection in chosen or [Selection(model.name, ({},), ({},), None, {}, "default")]:
            problems += _misfits(model, selection)
            jobs += _jobs(config, model, selection)
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)))
    return list({job.id: job for job in jobs}.values())


def unmatched(config: Config, models: Sequence[Described]) -> list[str]:
    """Tables about models that are not there: most likely a slip."""
    tables = [("model", s.name, s.origin) for s in config.selections]
    tables += [("expect", e.model, e.origin) for e in config.expectations]
    return [
        f"{origin}: [[{kind}]] is about {name!r}, which is none of the models"
        f"{near_names(name, [m.name for m in models])}"
        for kind, name, origin in tables
        if not any(matches(m, name) for m in models)
    ]


def _misfits(model: Described, selection: Selection) -> list[str]:
    """What the selection says that the model does not have."""
    found = list[str]()
    for row in selection.switches:
        for name, value in row.items():
            if name not in model.choices:
                hint = near_names(name, list(model.choices))
                found.append(f"{selection.origin}: {model.name} has no switch {name!r}{hint}")
            elif value not in model.choices[name]:
                choices = ", ".join(model.choices[name])
                found.append(f"{selection.origin}: {name} cannot be {value!r}: one of {choices}")
    for name in selection.scenarios or ():
        if name not in model.scenarios:
            hint = near_names(name, list(model.scenarios))
            found.append(f"{selection.origin}: {model.name} has no scenario {name!r}{hint}")
    return found


def _jobs(config: Config, model: Described, selection: Selection) -> list[Job]:
    settings: dict[str, Setting] = {n: config.settings[n] for n in PER_MODEL}
    settings |= {n: s for n, s in selection.settings.items() if not _stronger(config, n)}
    value = {name: setting.value for name, setting in settings.items()}
    wanted = selection.scenarios
    parts = [p for p in model.parts if wanted is None or p.name in wanted]
    base = Job(
        model=model.model,
        name=model.name,
        file=model.file,
        digest=model.digest,
        switches={},
        valuation={},
        scenario=None,
        sizes={},
        properties=(),
        expects=(),
        engine=value["engine"],
        depth=value["depth"],
        enough=value["enough"],
        timeout=value["timeout"],
        grace=value["grace"],
        memory=value["memory"],
        rlimit=value["rlimit"],
    )
    return [
        replace(
            base,
            switches={n: v for n, v in row.items() if v != part.switches.get(n)},
            valuation={**part.switches, **row},
            scenario=part.name,
            sizes=sizes,
            properties=group,
            expects=tuple(n for n in group if n not in BUILTIN) if group else part.properties,
        )
        for part in parts
        for row in selection.switches
        for sizes in selection.sizes
        for group in _groups(value["properties"], model, part)
    ]


def _stronger(config: Config, name: str) -> bool:
    """Whether a setting comes from the command line or the environment."""
    return config.settings[name].origin.startswith(("-", "PAGESTATE_"))


def _groups(
    how: tuple[tuple[str, ...], ...] | str, model: Described, part: Part
) -> list[tuple[str, ...]]:
    """The groups of properties; what only other scenarios have is left out."""
    if how == "together":
        return [()]
    if how == "apart":
        return [*((name,) for name in part.properties), tuple(sorted(BUILTIN))]
    assert not isinstance(how, str)
    elsewhere = {n for p in model.parts for n in p.properties} - set(part.properties)
    kept = (tuple(n for n in group if n not in elsewhere) for group in how)
    return [group for group in kept if group]
