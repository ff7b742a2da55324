"""How a command reaches a server: the one place that quotes, and that knows what ssh says when it fails.

It is the user's own ssh: aliases, keys, jump hosts and shared connections are those of ``~/.ssh/config``. Only what
would make a command without a terminal fail is overruled. ``LABTOOLS_SSH`` is another command, as GIT_SSH_COMMAND is
for git: ``LABTOOLS_SSH="ssh -F lab.conf"``.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO, Any

from labtools.core.errors import LabError
from labtools.train.servers.config import Server
from labtools.train.servers.trouble import UnreachableError, explain_ssh

TIMEOUT_S = 60.0
"""A server that has not answered a question by then is taken for unreachable."""

_NO_FOLDER, _NO_PYTHON, _SSH_FAILED = 91, 92, 255
_CONNECT_S = 15

# No password can be typed; a port that is forwarded already, or a command of the alias, is none of our business.
_SSH_OPTIONS = ("BatchMode=yes", f"ConnectTimeout={_CONNECT_S}", "ClearAllForwardings=yes", "RemoteCommand=none")


def run(server: Server, arguments: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> str:
    """Run ``python -m labtools ARGUMENTS`` on a server that sees its folder, here or by ssh; its stdout.

    Raises:
        UnreachableError: ssh failed, or nothing came back in time.
        LabError: the server was reached, but its folder, Python or labtools is not there, or labtools failed.
    """
    script = _script(server, [server.python, "-m", "labtools", *arguments])
    # Files, not pipes: with older OpenSSH, a connection kept for later (ControlPersist) holds a pipe open (bz#1988).
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        code = _call(server, script, out, err, timeout_s)
        stdout, stderr = (_text(file) for file in (out, err))
    if code != 0:
        raise _failure(server, code, stdout, stderr)
    return stdout


def ask(server: Server, arguments: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """`run` for a command that answers with one JSON object as its last line; that object.

    Raises:
        LabError: as `run`, or the answer is not one.
    """
    stdout = run(server, arguments, timeout_s=timeout_s)
    answer = _last_object(stdout)
    if answer is None:
        raise LabError(
            f"{server.name} answered something else: {stdout.strip()[-200:] or 'nothing'}",
            server.python,
            f"Bring labtools there to this version: bash scripts/prepare_server.sh {server.name}",
        )
    return answer


def terminal_command(server: Server, arguments: Sequence[str]) -> list[str]:
    """The argument list that runs a program of that server in this terminal, to be watched and typed into."""
    if server.ssh is None:
        return list(arguments)
    # The login shell there may be any (fish, csh): it gets two plain words, and sh the rest.
    return [*_ssh(), "-t", server.ssh, shlex.join(["sh", "-c", _environment(server) + "exec " + shlex.join(arguments)])]


def _script(server: Server, command: Sequence[str]) -> str:
    """What `sh` reads from its stdin: so no login shell ever sees, or has to understand, what is quoted here."""
    program, *arguments = command
    lines = [
        _environment(server),
        f"cd {shlex.quote(server.workdir)} || exit {_NO_FOLDER}",
        f"program=$(command -v {shlex.quote(program)}) || exit {_NO_PYTHON}",
        "case $program in /*) ;; *) program=$PWD/$program ;; esac",
        # Not in the lab's folder: where that is a clone of labtools, Python would take the sources there for the
        # installed ones, which the lanes train with.
        f'cd / && exec "$program" {shlex.join(arguments)} </dev/null',
    ]
    return "\n".join(lines) + "\n"


def _environment(server: Server) -> str:
    variables = {"PYTHONUTF8": "1", **dict(server.env)}
    return "".join(f"export {name}={shlex.quote(value)}; " for name, value in variables.items())


def _ssh() -> list[str]:
    return shlex.split(os.environ.get("LABTOOLS_SSH") or "ssh")


def _call(server: Server, script: str, out: IO[bytes], err: IO[bytes], timeout_s: float) -> int:
    """Feed the script to `sh` there; its exit code."""
    _refuse_windows()
    options = [word for option in _SSH_OPTIONS for word in ("-o", option)]
    command = ["sh", "-s"] if server.ssh is None else [*_ssh(), "-T", *options, "--", server.ssh, "sh -s"]
    try:
        return subprocess.run(
            command, input=script.encode(), stdout=out, stderr=err, timeout=timeout_s, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        raise UnreachableError(
            f"{server.name} has not answered within {timeout_s:.0f} s",
            server.ssh,
            "See whether it is overloaded, or hangs on a disk that is gone; then run the same command again.",
        ) from None
    except FileNotFoundError:
        raise UnreachableError(f"{command[0]} is not installed here", None, "Install OpenSSH's client.") from None


def _refuse_windows() -> None:
    """A server is told the lab's paths as this machine spells them.

    Raises:
        LabError: this is Windows.
    """
    if sys.platform == "win32":
        fix = "Log in to one of them with ssh and type this there; or use WSL."
        raise LabError("servers are not told what to do from Windows", None, fix)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")


def _last_object(stdout: str) -> dict[str, Any] | None:
    """The last line that is a JSON object; before it, a shell's start-up files may have said anything."""
    for line in reversed(stdout.splitlines()):
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            return value if isinstance(value, dict) else None
    return None


def _failure(server: Server, code: int, stdout: str, stderr: str) -> LabError:
    prepare = f"bash scripts/prepare_server.sh {server.name}"
    if code == _SSH_FAILED and server.ssh is not None:
        return explain_ssh(server.name, server.ssh, stderr)
    if code == _NO_FOLDER:
        return LabError(
            f"{server.name} does not see the folder {server.workdir}",
            server.workdir,
            "Mount the lab's disk there under this path, or correct `workdir:` in servers.yaml.",
        )
    if code == _NO_PYTHON:
        return LabError(f"{server.name} has no Python at {server.python}", server.python, f"Prepare it: {prepare}")
    if "No module named labtools" in stderr:
        return LabError(f"{server.name} has no labtools in {server.python}", server.python, f"Prepare it: {prepare}")
    told = _last_object(stdout)
    if told is not None and "error" in told:
        error = told["error"]
        return LabError(f"{server.name}: {error['what']}", error["where"], error["fix"])
    said = [words for line in (stdout + "\n" + stderr).splitlines() if (words := line.strip("│╭─╮╰╯ "))]
    last = said[-1] if said else "it said nothing"
    return LabError(f"labtools on {server.name} failed (exit code {code}): {last}", server.python, f"Try: {prepare}")
