"""Finding a model: a shipped one by name, or a user's by path."""

import importlib
import importlib.util
import linecache
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from pagestate.core.span import Span
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError

PACKAGE = "pagestate.models"


def shipped_names() -> list[str]:
    """The names of the shipped models' files (folders hold their parts, not models)."""
    folder = _shipped_folder()
    return sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))


def is_shipped(name: str) -> bool:
    """Whether a shipped file goes by that name: a model, or one in a folder (``bugs.scenes``)."""
    parts = name.split(".")
    inside = len(parts) > 1 and all(part.isidentifier() for part in parts)
    file = _shipped_folder().joinpath(*parts).with_suffix(".py")
    return name in shipped_names() or (inside and file.is_file())


def _shipped_folder() -> Path:
    return Path(__file__).resolve().parent.parent.joinpath("models").resolve()


def load_model(name: str) -> Model:
    """The model of a file, or a shipped one.

    A path into the shipped models' folder is the same module as the name; ``bugs.scenes`` is a
    model in one of its folders.  Raises ModelError PS100 to PS104, or what the declarations in the
    file raise.
    """
    if name.endswith(".py") or "/" in name or name in (".", ".."):
        path = Path(name)
        if path.is_dir():
            raise ModelError("PS100", f"{name!r} is a directory, no model file")
        if not path.is_file():
            raise ModelError("PS100", f"no file {name!r}")
        resolved = path.resolve()
        if resolved.parent == _shipped_folder():
            return _only_model(_import(f"{PACKAGE}.{resolved.stem}", resolved), resolved)
        return _only_model(_import_path(resolved), resolved)
    known = shipped_names()
    path = _shipped_folder().joinpath(*name.split(".")).with_suffix(".py")
    if not is_shipped(name):
        near = get_close_matches(name, known, 1)
        if Path(f"{name}.py").is_file():
            near = [f"{name}.py"]
        hint = f"did you mean {near[0]!r}?" if near else f"shipped models: {', '.join(known)}"
        more = "a model of your own is given as the path of its .py file"
        raise ModelError("PS100", f"no model {name!r}", hint=f"{hint} ({more})")
    return _only_model(_import(f"{PACKAGE}.{name}", path), path)


def load_file(path: Path) -> ModuleType:
    """The module of a Python file that declares something.  Raises ModelError PS100 to PS102."""
    if not path.is_file():
        raise ModelError("PS100", f"no file {str(path)!r}")
    return _import_path(path.resolve())


def _import(module: str, path: Path) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModelError:
        raise
    except SyntaxError as error:
        raise _syntax_error(error, path) from None
    except Exception as error:  # a model file is code: whatever it raises is its author's to see
        raise _failed(error, path) from None


def _import_path(path: Path) -> ModuleType:
    name = f"pagestate_model_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModelError("PS100", f"{path} cannot be loaded as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except ModelError:
        raise
    except SyntaxError as error:
        raise _syntax_error(error, path) from None
    except Exception as error:  # as above
        raise _failed(error, path) from None
    finally:
        sys.path.remove(str(path.parent))
    return module


def _syntax_error(error: SyntaxError, path: Path) -> ModelError:
    file, line, column = error.filename or str(path), error.lineno or 1, error.offset or 1
    linecache.checkcache(file)
    end = error.end_offset or column + 1
    span = Span(file, line, column, error.end_lineno or line, max(end, column + 1))
    return ModelError("PS101", error.msg, span)


def _failed(error: Exception, path: Path) -> ModelError:
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == path
    ]
    span = None
    if frames and frames[-1].lineno:
        line = frames[-1].lineno
        text = linecache.getline(str(path), line)
        indent = len(text) - len(text.lstrip())
        span = Span(str(path), line, indent + 1, line, len(text.rstrip()) + 1)
    return ModelError("PS102", f"{type(error).__name__}: {error}", span)


def _only_model(module: ModuleType, path: Path) -> Model:
    """The model the file defines; models it imports from elsewhere do not count."""
    found = {
        id(value): (name, value)
        for name, value in vars(module).items()
        if isinstance(value, Model)
        and value.span is not None
        and Path(value.span.file).resolve() == path.resolve()
    }
    if not found:
        raise ModelError(
            "PS103",
            f"{path.name} defines no model",
            hint="assign one: model = Model('name', state=..., threads=[...])",
        )
    if len(found) > 1:
        names = ", ".join(name for name, _ in found.values())
        raise ModelError(
            "PS104",
            f"{path.name} defines more than one model: {names}",
            hint="one model per file; shared parts go into a file of their own",
        )
    return next(iter(found.values()))[1]
