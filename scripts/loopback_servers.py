#!/usr/bin/env python3
"""Two servers on one machine, each with its own sshd, host name, processes and power switch: to try, and to test with.

    python scripts/loopback_servers.py start /tmp/room      starts servers a and b; says what to type next
    python scripts/loopback_servers.py off /tmp/room b      cuts b's power: all its processes are gone at once
    python scripts/loopback_servers.py on /tmp/room b
    python scripts/loopback_servers.py stop /tmp/room

Disk and network are this machine's, so both servers see the same folders, as servers with a shared disk do. Needs
Linux, root, and OpenSSH's server and client. Each server listens on an address of its own, 127.0.0.2 and up, which only
this machine can reach, and lets in the one key that is made in that folder.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

_PATIENCE_S = 20.0


def lacking() -> str:
    """What this machine lacks for it, ``""`` if nothing."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "servers on loopback need Linux and root"
    missing = [tool for tool in ("ssh", "ssh-keygen", "unshare", "setpriv", "hostname") if shutil.which(tool) is None]
    if _sshd() is None:
        missing.append("sshd (Debian: openssh-server)")
    if missing:
        return f"not installed: {', '.join(missing)}"
    trial = subprocess.run(["unshare", "--pid", "--mount", "--uts", "--fork", "--mount-proc", "true"], check=False)
    return "" if trial.returncode == 0 else "this machine does not allow `unshare` (a container without privileges?)"


def _sshd() -> str | None:
    return shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


class LoopbackServers:
    """Servers by name. ``folder`` holds their keys, logs and process numbers; another process may go on with it."""

    def __init__(
        self,
        folder: Path,
        names: Sequence[str] = ("a", "b"),
        env: Mapping[str, str] | None = None,
        *,
        is_tied: bool = False,
    ) -> None:
        """Make keys and configurations, if they are not there.

        Args:
            folder: without blanks or quotes in its path, which sshd's configuration could not take.
            names: of the servers; also how ssh calls them.
            env: variables of everything that is started on them.
            is_tied: they go off when this process ends, however it does; else they stay on until somebody says so.
        """
        self._tie = ["setpriv", "--pdeathsig", "KILL"] if is_tied else []
        self.folder = folder.absolute()
        known = self.folder / "room.json"
        if known.is_file():
            self._ports = {name: int(port) for name, port in json.loads(known.read_text()).items()}
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ports = {name: _free_port(_address(i)) for i, name in enumerate(names)}
        _make_key(self.folder / "key")
        hosts = []
        for i, (name, port) in enumerate(self._ports.items()):
            _make_key(self.folder / f"{name}.host")
            public = (self.folder / f"{name}.host.pub").read_text()
            hosts.append(f"[{_address(i)}]:{port} {public}")
            tmux = self.folder / f"{name}.tmux"
            tmux.mkdir(mode=0o700)
            variables = {"TMUX_TMPDIR": str(tmux), "PATH": os.environ["PATH"], **(env or {})}
            (self.folder / f"{name}.sshd").write_text(self._sshd_config(name, _address(i), port, variables))
        (self.folder / "known_hosts").write_text("".join(hosts))
        self.ssh_config.write_text(self._client_config())
        known.write_text(json.dumps(self._ports))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._ports)

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def ssh(self) -> str:
        """The command that reaches them, for ``LABTOOLS_SSH``."""
        return f"ssh -F {shlex.quote(str(self.ssh_config))}"

    @staticmethod
    def host_name(name: str) -> str:
        return f"server-{name}"

    def power_on(self, name: str) -> None:
        """Start a server and wait until it takes connections; nothing if it is on."""
        if self.is_on(name):
            return
        inside = f"hostname {self.host_name(name)} && exec {_sshd()} -D -e -f {shlex.quote(self._path(name, 'sshd'))}"
        # sshd is the first process there: it takes in orphans, and with the last signal to it everything ends.
        apart = ["unshare", "--pid", "--mount", "--uts", "--fork", "--mount-proc", "--kill-child", "sh", "-c", inside]
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with Path(self._path(name, "log")).open("ab") as log:
            process = subprocess.Popen(
                [*self._tie, *apart], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        Path(self._path(name, "pid")).write_text(str(process.pid))
        self._wait(lambda: self.answers(name), f"server {name} to start; see {self._path(name, 'log')}")

    def power_off(self, name: str) -> None:
        """Cut the power: nothing there gets the time to say a word."""
        if not self.is_on(name):
            return
        pid = int(Path(self._path(name, "pid")).read_text())
        os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # started by another process: not ours to wait for
            os.waitpid(pid, 0)
        self._wait(lambda: not self.is_on(name) and not self.answers(name), f"server {name} to go off")

    def drop_connections(self, name: str) -> None:
        """Break every ssh connection to a server, as a VPN does when it drops; what was started there goes on."""
        kill = "for p in $(pgrep -f '^sshd: [^/]'); do [ $p = $PPID ] || kill -9 $p; done; kill -9 $PPID"
        subprocess.run(self.command(name, kill), stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def is_on(self, name: str) -> bool:
        try:
            pid = int(Path(self._path(name, "pid")).read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return b"unshare" in words and self._path(name, "sshd").encode() in words

    def answers(self, name: str) -> bool:
        with closing(socket.socket()) as probe:
            probe.settimeout(1.0)
            return probe.connect_ex((_address(self.names.index(name)), self._ports[name])) == 0

    def command(self, name: str, line: str) -> list[str]:
        """The argument list that runs a shell line on a server."""
        return ["ssh", "-F", str(self.ssh_config), name, line]

    def run(self, name: str, line: str) -> str:
        """Run a shell line on a server; its stdout."""
        return subprocess.run(self.command(name, line), capture_output=True, text=True, check=True).stdout

    def servers_yaml(self, workdir: Path, python: str = sys.executable, cpu: int = 1) -> str:
        """A servers.yaml with CPU lanes on each."""
        quoted = (json.dumps(str(path), ensure_ascii=False) for path in (workdir, python))
        where, interpreter = quoted
        return "servers:\n" + "".join(
            f"  - {{name: {name}, ssh: {name}, cpu: {cpu}, workdir: {where}, python: {interpreter}}}\n"
            for name in self.names
        )

    def __enter__(self) -> LoopbackServers:
        for name in self.names:
            self.power_on(name)
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.names:
            self.power_off(name)

    def _path(self, name: str, kind: str) -> str:
        return str(self.folder / f"{name}.{kind}")

    def _sshd_config(self, name: str, address: str, port: int, variables: Mapping[str, str]) -> str:
        lines = [
            f"ListenAddress {address}",
            f"Port {port}",
            f"HostKey {self.folder / f'{name}.host'}",
            f"PidFile {self.folder / f'{name}.sshd.pid'}",
            f"AuthorizedKeysFile {self.folder / 'key.pub'}",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "StrictModes no",
            "PermitRootLogin prohibit-password",
            "MaxStartups 100",
            "SetEnv " + " ".join(f'{key}="{value}"' for key, value in variables.items()),
        ]
        return "\n".join(lines) + "\n"

    def _client_config(self) -> str:
        lines = []
        for i, (name, port) in enumerate(self._ports.items()):
            lines += [f"Host {name}", f"  HostName {_address(i)}", f"  Port {port}"]
        lines += [
            "Host *",
            f"  User {getpass.getuser()}",
            f"  IdentityFile {self.folder / 'key'}",
            "  IdentitiesOnly yes",
            f"  UserKnownHostsFile {self.folder / 'known_hosts'}",
            "  StrictHostKeyChecking yes",
        ]
        return "\n".join(lines) + "\n"

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {_PATIENCE_S:.0f} s for {what}")
            time.sleep(0.05)


def _address(index: int) -> str:
    return f"127.0.0.{index + 2}"


def _free_port(address: str) -> int:
    with closing(socket.socket()) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "loopback", "-f", str(path)], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["start", "stop", "on", "off"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="of servers; all, where none is named")
    asked = parser.parse_args()
    if lack := lacking():
        print(lack, file=sys.stderr)
        return 2
    room = LoopbackServers(asked.folder, asked.names or ("a", "b"))
    for name in asked.names or room.names:
        (room.power_on if asked.action in ("start", "on") else room.power_off)(name)
    if asked.action == "start":
        print(f"# Type this first, then use them as any server:\nexport LABTOOLS_SSH={shlex.quote(room.ssh)}")
        print(f"# configs/servers.yaml:\n{room.servers_yaml(Path.cwd())}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
