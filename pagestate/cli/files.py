"""Files the command line writes, and the standard streams it may find in any condition."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from pagestate.cli.failure import UserError
from pagestate.view.wellformed import TraceError


def steady_streams() -> None:
    """Make the standard streams usable: closed ones go nowhere, unknown characters are escaped.

    A closed descriptor must not be given to the next file that is opened.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def emit(text: str, stream: TextIO) -> str:
    """Write ``text`` and a newline; what went wrong, or nothing.

    A reader that has gone away (``| head``) has seen enough: that is nothing wrong.
    """
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        return f"{getattr(stream, 'name', 'output')}: {error.strerror or error}"
    return ""


def _silence(stream: TextIO) -> None:
    """Whatever is still buffered goes nowhere, also when the interpreter flushes at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def check_target(path: Path) -> None:
    """Fail now rather than after an hour if ``path`` cannot be a file.  Raises UserError."""
    if path.is_dir():
        raise UserError(f"{path}: is a directory")
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no directory {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UserError(f"{path}: no permission to write")


def check_folder(path: Path) -> None:
    """Make ``path`` a folder; fail now if nothing can be put there.  Raises UserError, OSError."""
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise UserError(f"{path}: no permission to write")


def write_whole(path: Path, text: str | bytes) -> None:
    """Write all of ``text`` to ``path`` or leave it as it was.  Raises OSError, which names it.

    What is no file of its own (a device, a pipe, ``/dev/stdout``) is written to as it is.
    """
    try:
        _write(path, text.encode() if isinstance(text, str) else text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write(path: Path, data: bytes) -> None:
    if path.is_fifo() or path.parts[:2] in (("/", "dev"), ("/", "proc")):
        with path.open("ab") as device:
            device.write(data)
        return
    path = path.resolve()
    temporary = path.parent / f".pagestate-{secrets.token_hex(8)}.tmp"
    with _removed(temporary):
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


@contextmanager
def _removed(temporary: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def stored(path: Path, write: Callable[[Path], None]) -> str:
    """Write to ``path``; what went wrong, or nothing."""
    try:
        write(path)
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    except TraceError as error:
        return str(error)
    return ""
