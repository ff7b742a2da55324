#!/usr/bin/env python3
"""A real Slurm on one machine, two nodes with two pretended GPUs each: to try `--launcher slurm`, and to test it with.

    python scripts/loopback_slurm.py start /tmp/cluster      starts it; says what to type next
    python scripts/loopback_slurm.py off /tmp/cluster n2     cuts a node's power: all its processes are gone at once
    python scripts/loopback_slurm.py on /tmp/cluster n2
    python scripts/loopback_slurm.py stop /tmp/cluster

Each node has its own host name and its own processes; disk and network are this machine's. Partition ``gpu`` is the
usual one, what is submitted to ``urgent`` preempts it. The GPUs are devices that do nothing, so only their being handed
out can be watched: train with --gpus cpu. Needs Linux, root, and Slurm (Debian: slurmctld slurmd slurm-client munge).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

_PATIENCE_S = 30.0
_SBIN = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
_CONF = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthInfo=socket={folder}/munge.sock,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.own
SlurmdPidFile={folder}/%n.own
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
SlurmdParameters=config_overrides
SlurmdTimeout=5
KillWait=6
ReturnToService=2
SchedulerParameters=sched_interval=2,batch_sched_delay=0,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{nodes}
PartitionName=gpu Nodes=ALL Default=YES PriorityTier=1
PartitionName=urgent Nodes=ALL PriorityTier=10 PreemptMode=OFF
"""


def lacking() -> str:
    """What this machine lacks for it, ``""`` if nothing."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "a Slurm of one's own needs Linux and root"
    tools = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "unshare", "hostname")
    if missing := [tool for tool in tools if shutil.which(tool, path=_SBIN) is None]:
        return f"not installed: {', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)"
    trial = subprocess.run(["unshare", "--pid", "--mount", "--uts", "--fork", "--mount-proc", "true"], check=False)
    return "" if trial.returncode == 0 else "this machine does not allow `unshare` (a container without privileges?)"


class LoopbackSlurm:
    """A cluster. ``folder`` holds its configuration, logs and process numbers; another process may go on with it."""

    def __init__(
        self,
        folder: Path,
        nodes: Sequence[str] = ("n1", "n2"),
        gpus: int = 2,
        cpus: int = 4,
        is_tied: bool = False,
    ) -> None:
        """Write its configuration, if it is not there.

        Args:
            folder: without blanks in its path, and short: sockets have paths of 100 characters at most.
            nodes: names, also their host names.
            gpus: pretended ones of each.
            cpus: that each believes to have.
            is_tied: all ends when this process ends, however it does; else it stays on until somebody says so.
        """
        self._tie = ["setpriv", "--pdeathsig", "KILL"] if is_tied else []
        self.folder = folder.absolute()
        known = self.folder / "cluster.json"
        if known.is_file():
            self.nodes = tuple(json.loads(known.read_text()))
            return
        self.nodes = tuple(nodes)
        (self.folder / "state").mkdir(parents=True)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        ports = _free_ports(1 + len(nodes))
        lines, gres = [], []
        for i, (name, port) in enumerate(zip(nodes, ports[1:], strict=True)):
            (self.folder / name).mkdir()
            devices = [self.folder / f"nvidia{i * gpus + k}" for k in range(gpus)]
            for device in devices:
                os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            gres += [f"NodeName={name} Name=gpu File={device}" for device in devices]
            where = f"NodeHostname={name} NodeAddr=127.0.0.1 Port={port}"
            lines.append(f"NodeName={name} {where} CPUs={cpus} Gres=gpu:{gpus}")
        host = socket.gethostname().split(".")[0]
        text = _CONF.format(folder=self.folder, host=host, port=ports[0], nodes="\n".join(lines))
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text("\n".join(gres) + "\n")
        known.write_text(json.dumps(self.nodes))

    @property
    def environment(self) -> dict[str, str]:
        """What makes Slurm's commands talk to this cluster."""
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self) -> None:
        """Everything on; returns when all nodes are ready."""
        at = str(self.folder)
        own = {"key-file": "key", "socket": "sock", "pid-file": "own", "log-file": "said", "seed-file": "seed"}
        files = [f"--{option}={at}/munge.{kind}" for option, kind in own.items()]
        self._up("munged", ["--foreground", "--force", *files])
        self._wait(lambda: (self.folder / "munge.sock").exists(), "munged to start")
        self._up("slurmctld", ["-D", "-f", self.environment["SLURM_CONF"]])
        for node in self.nodes:
            self.power_on(node)

    def power_on(self, node: str) -> None:
        """Start a node and wait until it takes jobs; nothing if it does."""
        if not self._is_up(node):
            daemon = f"{_tool('slurmd')} -D -f {shlex.quote(self.environment['SLURM_CONF'])} -N {node}"
            apart = ["--pid", "--mount", "--uts", "--fork", "--mount-proc", "--kill-child"]
            self._up("unshare", [*apart, "sh", "-c", f"hostname {node} && exec {daemon}"], node)
        ready = ("idle", "mixed", "allocated", "completing")
        ask = ("sinfo", "-h", "-n", node, "-p", "gpu", "-o", "%T")
        self._wait(lambda: self.run(*ask).strip() in ready, f"node {node}")

    def power_off(self, node: str) -> None:
        """Cut the power: nothing there gets the time to say a word, and Slurm finds out by itself."""
        self._down(node)

    def stop(self) -> None:
        """Everything off, and with it what runs there."""
        for name in (*self.nodes, "slurmctld", "munged"):
            self._down(name)

    def run(self, *command: str) -> str:
        """Run one of Slurm's commands; its stdout, "" where it fails."""
        answer = subprocess.run(
            command, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        return answer.stdout if answer.returncode == 0 else ""

    def __enter__(self) -> LoopbackSlurm:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _up(self, tool: str, arguments: Sequence[str], name: str = "") -> None:
        name = name or tool
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self._tie, _tool(tool), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.folder / f"{name}.pid").write_text(str(process.pid))

    def _down(self, name: str) -> None:
        if not self._is_up(name):
            return
        pid = int((self.folder / f"{name}.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # another process started it
            os.waitpid(pid, 0)
        self._wait(lambda: not self._is_up(name), f"{name} to end")

    def _is_up(self, name: str) -> bool:
        try:
            pid = int((self.folder / f"{name}.pid").read_text())
            return str(self.folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {_PATIENCE_S:.0f} s for {what}; see the logs in {self.folder}")
            time.sleep(0.05)


def _tool(name: str) -> str:
    return shutil.which(name, path=_SBIN) or name


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        with closing(probe):
            pass
    return ports


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("start", "off", "on", "stop"))
    parser.add_argument("folder", type=Path, help="where its files go")
    parser.add_argument("node", nargs="?", default="", help="with on and off: which one")
    asked = parser.parse_args(arguments)
    if lack := lacking():
        print(lack, file=sys.stderr)
        return 2
    cluster = LoopbackSlurm(asked.folder)
    if asked.action in ("on", "off"):
        if asked.node not in cluster.nodes:
            parser.error(f"name one of: {', '.join(cluster.nodes)}")
        (cluster.power_on if asked.action == "on" else cluster.power_off)(asked.node)
    elif asked.action == "stop":
        cluster.stop()
    else:
        cluster.start()
        print(f"export SLURM_CONF={shlex.quote(cluster.environment['SLURM_CONF'])}; sinfo")
        print("labtools train-matrix --launcher slurm --gpus cpu --lanes 2")
    return 0


if __name__ == "__main__":
    sys.exit(main())
