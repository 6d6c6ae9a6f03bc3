"""The model behind a stored trace: found again, compiled as it was, and compared with the trace."""

from collections.abc import Iterator

from pagestate.cli.failure import load
from pagestate.core.trace import Trace
from pagestate.lang.compile import Compiled, compile_model, valuation_of
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import shipped_names
from pagestate.view.background import Background, background_of
from pagestate.view.sources import read_sources
from pagestate.view.wellformed import TraceError


def background(trace: Trace, model: str) -> tuple[Background | None, str]:
    """What explains ``trace``, or why there is nothing that does.

    ``model`` is the path or name given by the user; without one a shipped model of the trace's name
    is taken.  A model given by the user has to fit: else TraceError.
    """
    if not model and trace.model not in shipped_names():
        return None, ""
    try:
        return _fitting(trace, load(model or trace.model)), ""
    except (TraceError, ModelError) as error:
        if model:
            raise TraceError(f"the trace is no execution of {model}: {error}") from None
        return None, f"the trace is no execution of {trace.model} as it is now: {error}"


def explained(trace: Trace, compiled: Compiled) -> Background:
    """The background of a trace of ``compiled``.  Raises TraceError."""
    sources = read_sources(compiled.system, compiled.properties)
    return background_of(trace, compiled.system, compiled.properties, sources)


def _fitting(trace: Trace, declared: Model) -> Background:
    if declared.name != trace.model:
        raise TraceError(f"it is of the model {trace.model}, and this is {declared.name}")
    problem = TraceError("the model has no scenario with these threads")
    for part in _parts(trace, declared):
        settings = {name: _setting(value) for name, value in trace.switches.items()}
        valuation = valuation_of(part, settings)
        for ordered in (False, True):
            compiled = compile_model(part, valuation, ordered_scans=ordered)
            try:
                return explained(trace, compiled)
            except TraceError as error:
                problem = error
    raise problem


def _parts(trace: Trace, declared: Model) -> Iterator[Model]:
    """The model, or its scenarios with the threads of the trace."""
    if not declared.scenarios:
        yield declared
        return
    threads = {v.thread for v in trace.variables if v.thread is not None}
    for scenario in declared.scenarios:
        part = declared.in_scenario(scenario.name)
        if threads == {t.name for t in part.declared_threads()}:
            yield part


def _setting(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
