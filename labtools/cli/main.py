"""The `labtools` command: registers one file per command and is the one place where a LabError is caught."""

from __future__ import annotations

import errno
import functools
import gc
import inspect
import io
import locale
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

import labtools.cli
from labtools import __version__
from labtools.cli._ahead import sent_ahead
from labtools.core.console import err
from labtools.core.errors import LabError
from labtools.core.registry import member, member_names

app = typer.Typer(
    name="labtools",
    help="Run a computer-vision course lab: from a messy cohort of student videos to a report.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"labtools {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave."),
    ] = False,
) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")


def _register_commands(asked: str = "") -> None:
    """One command per file of this folder, in each file's ``ORDER``; a file with ``HIDDEN`` is for programs.

    Each module imports its room inside the command, so that --help stays instant.

    Args:
        asked: the first word that was typed. Where that is a command, it is enough to know that one, and faster.
    """
    known = [name for name in member_names(labtools.cli) if name != "main"]
    typed = asked.replace("-", "_")
    modules = {name: member(labtools.cli, name) for name in ([typed] if typed in known else known)}
    for name, module in sorted(modules.items(), key=lambda item: (item[1].ORDER, item[0])):
        hidden = getattr(module, "HIDDEN", False)
        app.command(name.replace("_", "-"), hidden=hidden, help=_reflow(module.command.__doc__))(
            _interruptible(module.command)
        )


def _interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Ctrl-C is a sentence and exit code 130 (typer's own answer is a bare "Aborted")."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            err().print("interrupted: run the same command again to go on")
            raise typer.Exit(130) from None

    return run


def _reflow(docstring: str | None) -> str:
    """A docstring for ``--help``: paragraphs flow to the terminal's width, those after a ``\\b`` stay as typed."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(p if p.startswith("\b") else p.replace("\n", " ") for p in paragraphs)


_DISK_TROUBLE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "this disk can only be read",
    errno.ENOTDIR: "there is a file where a folder should be",
    errno.EISDIR: "there is a folder where a file should be",
    errno.EACCES: "this may not be read or written by you",
    errno.EPERM: "the system does not permit this",
}
"""What the machine of a user can suffer anywhere; any other OSError is a bug of ours."""

_OPEN_ELSEWHERE = frozenset({32, 33})  # Windows: ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
_LONGEST_ON_WINDOWS = 248  # letters of a folder's path; 260 of a file's


def main() -> None:
    """Entry point: a LabError is three lines and exit code 2."""
    _speak_anyway()
    try:
        with sent_ahead(sys.argv[1:]) as scout:
            _register_commands(sys.argv[1] if len(sys.argv) > 1 else "")
            app(obj=scout)
    except LabError as error:
        _show(error)
        sys.exit(2)
    except OSError as error:
        trouble = _disk_trouble(error)
        if trouble is None:
            raise
        _show(trouble)
        sys.exit(2)
    except UnicodeEncodeError as error:
        if sys.getfilesystemencoding() == "utf-8":
            raise
        what = f"names of files cannot have all letters here, such as {error.object[error.start]!r}"
        _show(LabError(what, f"locale {locale.setlocale(locale.LC_CTYPE)}", "Type `export PYTHONUTF8=1` first."))
        sys.exit(2)
    finally:
        gc.freeze()  # all goes with the process: it took a tenth of a second to look for cycles in it once more


def _speak_anyway() -> None:
    """A letter that the terminal, or the file that it was sent to, does not have becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _disk_trouble(error: OSError) -> LabError | None:
    """What a user can do something about."""
    path = _where(error)
    if getattr(error, "winerror", None) in _OPEN_ELSEWHERE:
        return LabError("another program has this open", path, "Close it there; then run this again.")
    if sys.platform == "win32" and isinstance(error, FileNotFoundError) and len(path) >= _LONGEST_ON_WINDOWS:
        fix = "Work in a folder with a shorter path, such as C:\\lab; or switch on long paths in Windows."
        return LabError("this path is longer than Windows takes", path, fix)
    trouble = _DISK_TROUBLE.get(error.errno or 0)
    fix = "Mend that, or choose another folder; then run it again."
    return None if trouble is None else LabError(trouble, path, fix)


def _where(error: OSError) -> str:
    """The file, or the folder in which a half was to be written beside it (see `labtools.core.files`)."""
    path = Path(str(error.filename or ""))
    return str(path.parent) if path.name.startswith(".") and path.suffix == ".tmp" else str(error.filename or "")


def _show(error: LabError) -> None:
    from rich.text import Text

    console = err()
    lines = (("error:", "bold red", error.what), ("where:", "bold", error.where), ("  fix:", "bold green", error.fix))
    for title, style, told in lines:
        if told:
            console.print(Text.assemble((title, style), f" {told}"))
