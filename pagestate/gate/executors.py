"""Where jobs run: here, on a dask cluster, or on whatever a factory makes.

Every executor is a ``concurrent.futures.Executor`` that is given :func:`supervise.perform`, text
in and text out; jobs are in processes of their own wherever that is.
"""

import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pagestate.gate.config import ConfigError
from pagestate.gate.supervise import perform

Perform: TypeAlias = Callable[[str], str]
_CONNECT = 20


@contextmanager
def executor(
    spec: str, slots: int, root: Path, stop: threading.Event
) -> Iterator[tuple[Executor, Perform]]:
    """The executor that ``spec`` names, and what to submit to it.

    ``slots`` is how many jobs run at once here (0: one per CPU).  When ``stop`` is set, jobs here
    end at once.  Raises ConfigError.
    """
    if spec == "local":
        with ThreadPoolExecutor(slots or cpus()) as pool:
            yield pool, partial(perform, stop=stop)
    elif spec.startswith("dask://"):
        with _dask(spec.removeprefix("dask://")) as pool:
            yield pool, perform
    else:
        made = _made(spec, root)
        try:
            yield made, perform
        finally:
            made.shutdown(wait=False, cancel_futures=True)


def cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        hint = "pip install 'pagestate[dask]'"
        raise ConfigError(f"--executor dask://... needs dask.distributed: {hint}") from None
    try:
        client = Client(f"tcp://{address}", timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--executor dask://{address}: {error}") from None
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close(timeout=_CONNECT)


def _made(spec: str, root: Path) -> Executor:
    module, colon, factory = spec.partition(":")
    if not colon or not module or not factory:
        raise ConfigError(f"--executor {spec}: local, dask://HOST:PORT or module:factory")
    sys.path.insert(0, str(root))
    try:
        made = getattr(importlib.import_module(module), factory)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"--executor {spec}: {error}") from None
    finally:
        sys.path.remove(str(root))
    if not isinstance(made, Executor):
        raise ConfigError(f"--executor {spec}: made no concurrent.futures.Executor")
    return made
