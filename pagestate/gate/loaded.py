"""What loading a model's files has made of them: a digest of the declarations themselves.

The text of the files does not say all: a constant may come from the environment, from a file or
from the clock.  So here is everything that compiling a model can look at, reached from the model as
it is in memory: declarations, the code of functions, the values of the globals they name.  Objects
are numbered as they are met, which makes cycles harmless; what belongs to this program or to the
standard library is called by its name, for both are in the digest of the program.
"""

import hashlib
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from pagestate.lang.declare import Model

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_OWN, _MODELS = "pagestate.", ("pagestate.models", "pagestate.properties")
_TECHNICAL = frozenset({"__dict__", "__weakref__", "__doc__", "__module__", "_abc_impl"})
_NAME = re.compile(r"[^\W\d]\w*")


class Opaque(Exception):
    """Something that has no digest is part of the model."""


def loaded_digest(model: Model) -> str | None:
    """The digest; None where the model is made of something that has none."""
    made, numbers = hashlib.sha256(), dict[int, int]()
    kept, queue = list[object](), deque[object]()

    def called(value: object) -> str:
        if isinstance(value, _PLAIN) and not isinstance(value, Enum):
            return f"{type(value).__name__} {value!r}"
        if id(value) not in numbers:
            numbers[id(value)] = len(numbers)
            kept.append(value)
            queue.append(value)
        return f"#{numbers[id(value)]}"

    called(model)
    try:
        while queue:
            for part in _parts(queue.popleft()):
                made.update(called(part).encode(errors="surrogatepass") + b"\0")
            made.update(b"\n")
    except Opaque:
        return None
    return made.hexdigest()


def _parts(value: Any) -> Iterator[object]:
    """What an object is made of, its kind first.  Raises Opaque."""
    yield type(value).__name__
    match value:
        case Enum():
            yield from (type(value), value.name, value.value)
        case tuple() | list():
            yield from value
        case set() | frozenset():
            if not all(isinstance(v, _PLAIN) for v in value):
                raise Opaque
            yield from sorted(map(repr, value))
        case FunctionType():
            yield from _function(value)
        case CodeType():
            yield from (value.co_code, value.co_names, value.co_varnames, value.co_consts)
            yield from (value.co_filename, value.co_firstlineno)
        case type():
            yield _name(value)
            if not _known(value.__module__):
                yield from (type(value), value.__bases__)
                yield from _computed(value)
                yield from _items({n: v for n, v in vars(value).items() if n not in _TECHNICAL})
        case ModuleType():  # of one that a function names, the function says what it reads there
            if not _known(value.__name__):
                raise Opaque
            yield value.__name__
        case MethodType():
            yield from (value.__func__, value.__self__)
        case property():
            yield from (value.fget, value.fset)
        case staticmethod() | classmethod():
            yield value.__func__
        case partial():
            yield from (value.func, value.args, value.keywords)
        case _ if isinstance(value, Mapping):
            yield from _items(value)
        case _:
            yield from _object(value)


def _items(mapping: Mapping[Any, Any]) -> Iterator[object]:
    for name, value in mapping.items():
        yield from (name, value)


def _object(value: Any) -> Iterator[object]:
    """Any other object, by its attributes."""
    if hasattr(value, "__origin__") or hasattr(value, "__args__"):
        yield from (getattr(value, "__origin__", None), getattr(value, "__args__", None))
        return
    cls = type(value)
    yield from _computed(value)
    slots = [n for c in cls.__mro__ for n in _texts(vars(c).get("__slots__", ()))]
    if not hasattr(value, "__dict__") and "__slots__" not in vars(cls):
        name = getattr(value, "__qualname__", "") or getattr(value, "__name__", "")
        if not name and cls is not object:
            raise Opaque
        yield name
        return
    yield cls
    yield from _items({n: getattr(value, n) for n in slots if hasattr(value, n)})
    yield from _items(getattr(value, "__dict__", {}))


def _computed(value: object) -> Iterator[object]:
    """What attributes give that are functions of the object and of what they please."""
    for cls in type(value).__mro__:
        if _known(cls.__module__):
            continue
        for name, made in vars(cls).items():
            if name in ("__getattr__", "__getattribute__"):
                raise Opaque
            if isinstance(made, property | cached_property):
                try:
                    given = getattr(value, name)
                except Exception:  # a model's own code
                    raise Opaque from None
                if not isinstance(given, _PLAIN):
                    raise Opaque
                yield from (name, given)


def _texts(names: "str | Iterable[str]") -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _function(function: FunctionType) -> Iterator[object]:
    yield from (function.__module__, function.__qualname__)
    if _known(function.__module__ or ""):
        return
    yield from (function.__code__, function.__defaults__, function.__kwdefaults__)
    yield function.__annotations__
    for cell in function.__closure__ or ():
        yield cell.cell_contents
    space = function.__globals__
    names = _names(function.__code__)
    for text in function.__annotations__.values():
        names |= dict.fromkeys(_NAME.findall(text)) if isinstance(text, str) else {}
    for name in names:
        if name in space:
            yield from _named(name, space[name], names, set())


def _named(name: str, value: object, names: Iterable[str], met: set[str]) -> Iterator[object]:
    """What ``name`` stands for; of a module, what ``names`` stand for there."""
    if not isinstance(value, ModuleType):
        yield from (name, value)
        return
    module = value.__name__
    yield from (name, module)
    if module in met or (f"{module}.".startswith(_OWN) and _known(module)):
        return
    met.add(module)
    for inner in names:
        if not hasattr(value, inner):
            continue
        found = getattr(value, inner)
        if not _known(module) or isinstance(found, (*_PLAIN, tuple, ModuleType)):
            yield from _named(inner, found, names, met)


def _names(code: CodeType) -> dict[str, None]:
    """The names that a function's code mentions, of what is inside it too."""
    found = dict.fromkeys(code.co_names)
    for const in code.co_consts:
        if isinstance(const, CodeType):
            found |= _names(const)
    return found


def _known(module: str) -> bool:
    """Whether a module's contents are in the digest of the program."""
    mine = f"{module}.".startswith(_OWN) and not module.startswith(_MODELS)
    return mine or module.partition(".")[0] in sys.stdlib_module_names


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
