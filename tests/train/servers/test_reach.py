"""One place quotes; whatever ssh, a shell or a server's start-up files do, the answer is the one asked for."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from loopback_servers import LoopbackServers

from labtools.core.errors import LabError
from labtools.train.servers.config import Server
from labtools.train.servers.reach import ask, run, terminal_command
from labtools.train.servers.trouble import UnreachableError, explain_ssh

NASTY = [
    "L'été",
    'a "b" c',
    "$HOME `id` $(id)",
    "one\ntwo",
    "semi;colon && *",
    "",
    "-x",
    "\\",
    "{\"json\": [1, 'x']}",
    "!",
]


@pytest.fixture
def there(tmp_path: Path) -> Server:
    """A server whose "Python" says in JSON how it was called; this machine, unless ``ssh`` is set."""
    folder = tmp_path / "L'été; lab"
    folder.mkdir()
    program = folder / "my python"
    told = "{'arguments': sys.argv[3:], 'folder': os.getcwd(), 'host': socket.gethostname(), 'x': os.environ.get('X')}"
    lines = (
        f"#!{sys.executable}",
        "import json, os, socket, sys, time",
        "print('{ welcome to this server')",
        "if sys.argv[3] == 'sleep': time.sleep(60)",
        f"print(json.dumps({told}))",
        "print('bye')",
    )
    program.write_text("\n".join(lines), encoding="utf-8")
    program.chmod(0o755)
    return Server("a", None, workdir=str(folder), python=str(program), env=(("X", "it's $X"),))


def test_arguments_and_variables_arrive_as_they_are_here(there: Server) -> None:
    expected = {"arguments": NASTY, "folder": "/", "host": socket.gethostname(), "x": "it's $X"}
    assert ask(there, NASTY) == expected


def test_and_through_ssh(there: Server, room: LoopbackServers) -> None:
    expected = {"arguments": NASTY, "folder": "/", "host": room.host_name("a"), "x": "it's $X"}
    assert ask(replace(there, ssh="a"), NASTY) == expected


def test_a_path_of_python_may_begin_in_the_servers_folder(there: Server) -> None:
    assert ask(replace(there, python="./my python"), ["one"])["arguments"] == ["one"]


def test_sources_in_the_labs_folder_are_not_taken_for_what_is_installed(there: Server) -> None:
    """Lanes train with what is installed, so that is what has to answer: the folder may be a clone of labtools."""
    clone = Path(there.workdir) / "labtools"
    clone.mkdir()
    (clone / "__init__.py").touch()
    (clone / "__main__.py").write_text('print(\'{"of": "the clone"}\')\n', encoding="utf-8")
    with pytest.raises(LabError, match="No such command"):
        run(replace(there, python=sys.executable), ["no-such-command"])


def test_what_the_users_ssh_config_does_to_logins_does_not_disturb(
    there: Server, room: LoopbackServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command of the alias, a forwarded port that is taken, and a shared connection that stays open for later."""
    config = tmp_path / "config"
    with socket.socket() as taken, tempfile.TemporaryDirectory() as shared:  # a socket's path has to be short
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        config.write_text(
            f"Host a\n  RemoteCommand top\n  RequestTTY yes\n  LocalForward {port} localhost:1\n"
            f"  ExitOnForwardFailure yes\n  ControlMaster auto\n  ControlPath {shared}/%n\n  ControlPersist 60\n"
            f"Include {room.ssh_config}\n"
        )
        monkeypatch.setenv("LABTOOLS_SSH", f"ssh -F {config}")
        try:
            assert ask(replace(there, ssh="a"), ["one"], timeout_s=20)["arguments"] == ["one"]
            assert Path(shared, "a").is_socket(), "the connection is kept"
            assert ask(replace(there, ssh="a"), ["two"], timeout_s=20)["arguments"] == ["two"]
        finally:
            subprocess.run(["ssh", "-F", config, "-O", "exit", "a"], capture_output=True, check=False)


def test_silence_ends(there: Server, room: LoopbackServers) -> None:
    with pytest.raises(UnreachableError, match="a has not answered within 1 s"):
        ask(replace(there, ssh="a"), ["sleep"], timeout_s=1.0)


@pytest.fixture
def dead_ends(room: LoopbackServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Aliases that lead nowhere, each in its way."""
    stranger = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger], check=True)
    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.4", 0))
        lines = [
            "Host locked",
            f"  IdentityFile {stranger}",
            f"Host unknown\n  UserKnownHostsFile {tmp_path}/none",
            f"Host refused\n  HostName 127.0.0.4\n  Port {closed.getsockname()[1]}",
            "Host jumps\n  ProxyJump refused",
            "Host nowhere\n  HostName no.such.machine.invalid",
        ]
        about_a = room.ssh_config.read_text().split("Host b")[0].split("\n", 1)[1]
        common = room.ssh_config.read_text().split("Host *")[1]
        key = "".join(line + "\n" for line in common.splitlines() if "IdentityFile" not in line)
        config = tmp_path / "dead_ends"
        config.write_text(
            "\n".join(lines)
            + f"\nHost locked unknown jumps\n{about_a}"
            + f"Host !locked *\n  IdentityFile {room.folder}/key\nHost *\n{key}"
        )
        monkeypatch.setenv("LABTOOLS_SSH", f"ssh -F {config}")
        yield


@pytest.mark.parametrize(
    ("ssh", "said", "fix"),
    [
        ("locked", "a does not let you in with a key", "ssh-copy-id locked"),
        ("unknown", "the host key of a is not known here", "ssh unknown"),
        ("refused", "a is there, but takes no ssh connections", "try again in a minute"),
        ("jumps", "a is there, but takes no ssh connections", "try again in a minute"),
        ("nowhere", "a: nobody knows a machine nowhere", "the VPN"),
    ],
)
def test_ssh_trouble_is_a_sentence(there: Server, dead_ends: None, ssh: str, said: str, fix: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        run(replace(there, ssh=ssh), ["x"])
    assert said in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "is not the one"),
        ("ssh: connect to host x port 22: Connection timed out", "a does not answer"),
        ("ssh: connect to host x port 22: No route to host", "a does not answer"),
        ("/root/.ssh/config: line 3: Bad configuration option: foo", "ssh does not accept its own configuration"),
        ("client_loop: send disconnect: Broken pipe", "the connection to a broke"),
        ("", "the connection to a broke"),
    ],
)
def test_other_ssh_trouble_that_cannot_be_had_here(stderr: str, said: str) -> None:
    assert said in explain_ssh("a", "lab-a", stderr).what


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"workdir": "/no/such/folder"}, "a does not see the folder /no/such/folder"),
        ({"python": "/no/such/python"}, "a has no Python at /no/such/python"),
        ({"python": "/bin/false"}, "labtools on a failed"),
    ],
)
def test_a_server_that_is_not_prepared_is_told_as_such(there: Server, changes: dict[str, str], said: str) -> None:
    with pytest.raises(LabError, match=said) as caught:
        ask(replace(there, **changes), ["x"])
    assert not isinstance(caught.value, UnreachableError)


def test_a_python_without_labtools_is_told_as_such(there: Server, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(LabError, match="a has no labtools in"):
        ask(replace(there, python=str(bare)), ["--version"])


def test_an_error_there_is_told_here_with_its_server(tmp_path: Path) -> None:
    """The real command: this launcher does not exist."""
    server = Server("a", None, workdir=str(tmp_path))
    request = json.dumps({"lanes": [], "launcher": "rocket"})
    with pytest.raises(LabError, match="a: there is no launcher 'rocket'") as caught:
        ask(server, ["lanes", "up", str(tmp_path), request])
    assert "tmux" in caught.value.fix


def test_an_answer_that_is_none_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="answered something else: labtools"):
        ask(Server("a", None, workdir=str(tmp_path)), ["--version"])


def test_a_program_in_this_terminal(there: Server, room: LoopbackServers) -> None:
    assert terminal_command(there, ["tmux", "attach"]) == ["tmux", "attach"]
    command = terminal_command(replace(there, ssh="a"), ["printf", "%s|", *NASTY])
    # Its stdin is no terminal here, so ssh warns and goes on without one.
    shown = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    assert shown == "".join(f"{word}|" for word in NASTY)


def test_windows_tells_no_server_what_to_do(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its paths mean nothing there."""
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(LabError, match="from Windows"):
        run(there, ["--version"])
