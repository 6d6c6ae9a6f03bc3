"""The model behind a stored trace: found again, compiled as it was, and compared with the trace."""

from collections.abc import Iterator
from dataclasses import replace

from pagestate.cli.failure import load
from pagestate.core.trace import Trace
from pagestate.lang.compile import Compiled, compile_model, valuation_of
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import is_shipped
from pagestate.view.background import Background, background_of
from pagestate.view.sources import read_sources
from pagestate.view.wellformed import TraceError


class Models:
    """Finds models behind traces; what was compiled once is not compiled again."""

    def __init__(self) -> None:
        self.loaded = dict[str, Model]()
        self.compiled = dict[tuple[str, str, str], Compiled]()
        self.sources = dict[int, dict[str, tuple[str, ...]]]()

    def background(self, trace: Trace, model: str) -> tuple[Background | None, str]:
        """What explains ``trace``, or why there is nothing that does.

        ``model`` is the path or name given by the user; without one a shipped model of the trace's
        name is taken.  A model given by the user has to fit: else TraceError.
        """
        if not model and not is_shipped(trace.model):
            return None, ""
        try:
            return self.fitting(trace, self.load(model or trace.model)), ""
        except (TraceError, ModelError) as error:
            if model:
                raise TraceError(f"the trace is no execution of {model}: {error}") from None
            return None, f"the trace is no execution of {trace.model} as it is now: {error}"

    def fitting(self, trace: Trace, declared: Model) -> Background:
        """The background of ``trace`` in ``declared``, in the scenario that the trace names.

        Raises TraceError if it is no execution of it, and ModelError.
        """
        if declared.name != trace.model:
            raise TraceError(f"it is of the model {trace.model}, and this is {declared.name}")
        problem = TraceError("the model has no scenario with these threads")
        for part in _parts(trace, declared):
            try:
                return self._explained(trace, self._compile(trace, part))
            except TraceError as error:
                problem = error
        raise problem

    def compiled_for(self, trace: Trace, model: str) -> Compiled:
        """The compiled model that ``trace`` can be an execution of; ``model`` as in ``background``.

        Raises TraceError, ModelError.
        """
        if not model and not is_shipped(trace.model):
            text = f"the trace is of the model {trace.model}, which is not a shipped one"
            raise TraceError(f"{text}: say where it is with --model")
        declared = self.load(model or trace.model)
        if declared.name != trace.model:
            raise TraceError(f"the trace is of the model {trace.model}, not of {declared.name}")
        for part in _parts(trace, declared):
            compiled = self._compile(trace, part)
            if {v.name for v in compiled.system.variables} == {v.name for v in trace.variables}:
                return compiled
        raise TraceError(f"{trace.model} has changed: it has other threads or variables")

    def load(self, name: str) -> Model:
        """The model called ``name``.  Raises UserError."""
        if name not in self.loaded:
            self.loaded[name] = load(name)
        return self.loaded[name]

    def _compile(self, trace: Trace, part: Model) -> Compiled:
        scenario = "" if part.scenario is None else part.scenario.name
        settings = {name: _setting(value) for name, value in trace.switches.items()}
        key = str(part.span), scenario, repr(sorted(settings.items()))
        if key not in self.compiled:
            self.compiled[key] = compile_model(part, valuation_of(part, settings))
        return self.compiled[key]

    def _explained(self, trace: Trace, compiled: Compiled) -> Background:
        found = background_of(trace, compiled.system, compiled.properties)
        if id(compiled) not in self.sources:
            self.sources[id(compiled)] = read_sources(compiled.system, compiled.properties)
        return replace(found, sources=self.sources[id(compiled)])


def _parts(trace: Trace, declared: Model) -> Iterator[Model]:
    """The model, or its scenario that the trace names; if it names none, those with its threads.

    Of these the ones that have the property come first.
    """
    named = trace.meta.get("scenario", "")
    if named or not declared.scenarios:
        yield declared.in_scenario(named) if named else declared
        return
    threads = {v.thread for v in trace.variables if v.thread is not None}
    parts = (declared.in_scenario(each.name) for each in declared.scenarios)
    fitting = [p for p in parts if threads == {t.name for t in p.declared_threads()}]
    yield from sorted(fitting, key=lambda p: all(d.name != trace.property for d in p.properties))


def _setting(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
