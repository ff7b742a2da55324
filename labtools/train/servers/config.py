"""The checked model of ``configs/servers.yaml``: whose GPUs are which, and what a cluster wants to be told."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from labtools.core.config import Config, load_config
from labtools.core.errors import LabError
from labtools.train.lanes.lane import plan_lanes

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Server:
    """A machine that trains.

    Attributes:
        name: what people call it.
        ssh: what `ssh` is told to reach it, None for this machine.
        gpus: indices there, in the order in which ``--gpus`` counts on.
        cpu: lanes that share its cores, where it has no GPU to train on; else 0.
        workdir: absolute path of the lab's folder there: that of ``datasets/`` and ``runs/``.
        python: its interpreter there, in which labtools is installed.
        env: variables set for everything that is started there.
    """

    name: str
    ssh: str | None
    gpus: tuple[int, ...] = ()
    cpu: int = 0
    workdir: str = "."
    python: str = sys.executable
    env: tuple[tuple[str, str], ...] = ()


def _gpus(value: Any) -> Any:
    """``0-3`` is as good as ``[0, 1, 2, 3]``, and ``0`` as ``[0]``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    if isinstance(value, str):
        try:
            return [lane.gpu for lane in plan_lanes(value) if lane.gpu is not None]
        except LabError as error:
            raise ValueError(f"{value!r} is no list of GPUs; write [0, 1, 2, 3] or 0-3") from error
    return value


def _text(value: Any) -> Any:
    """YAML reads ``1`` as a number and ``yes`` as a truth; in an environment both are text."""
    if isinstance(value, bool):
        raise ValueError(f"put {str(value).lower()!r} in quotes: YAML reads it as yes or no")
    return str(value) if isinstance(value, (int, float)) else value


GpuIndex = Annotated[int, Field(ge=0, le=999, strict=True)]
Variable = Annotated[str, BeforeValidator(_text)]


class ServerModel(Config):
    """One entry of ``servers:``; for the fields see `Server`."""

    name: str
    ssh: str | None = None
    gpus: Annotated[list[GpuIndex], BeforeValidator(_gpus)] = Field(default=[])
    cpu: Annotated[int, Field(ge=0, le=1024, strict=True)] = 0
    workdir: str | None = None
    python: str | None = None
    env: dict[str, Variable] = Field(default={})

    @field_validator("name")
    @classmethod
    def _is_plain(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a server; use letters, digits, - and _")
        return name

    @field_validator("ssh")
    @classmethod
    def _is_destination(cls, ssh: str | None) -> str | None:
        # A leading dash would be an option of ssh, and options can run commands.
        if ssh is not None and not re.fullmatch(r"[^\s-]\S*", ssh):
            raise ValueError(f"{ssh!r} is nothing that ssh can reach; write an alias of ~/.ssh/config, or user@machine")
        if ssh is not None and re.fullmatch(r"[^/:]+:\d+", ssh):
            raise ValueError(f"{ssh!r} has a port, which belongs into ~/.ssh/config; or write ssh://{ssh}")
        return ssh

    @field_validator("workdir")
    @classmethod
    def _is_absolute(cls, path: str | None) -> str | None:
        if path is not None and not PurePosixPath(path).is_absolute():
            raise ValueError(f"{path!r} is not a whole path; begin with / (a ~ or $HOME is not understood here)")
        return path

    @field_validator("python")
    @classmethod
    def _is_whole_or_a_word(cls, python: str | None) -> str | None:
        if python is None or re.fullmatch(r"[\w.-]+", python):  # found by its name, as `python3`
            return python
        if not PurePosixPath(python).is_absolute() and not PureWindowsPath(python).is_absolute():
            raise ValueError(f"{python!r} is not a whole path; begin with / (a ~ or $HOME is not understood here)")
        return python

    @field_validator("gpus")
    @classmethod
    def _no_doubles(cls, gpus: list[int]) -> list[int]:
        double = next((gpu for gpu in gpus if gpus.count(gpu) > 1), None)
        if double is not None:
            raise ValueError(f"GPU {double} is listed twice")
        return gpus

    @field_validator("env")
    @classmethod
    def _are_variables(cls, env: dict[str, str]) -> dict[str, str]:
        bad = next((name for name in env if not _VARIABLE.fullmatch(name)), None)
        if bad is not None:
            raise ValueError(f"{bad!r} is no name for a variable")
        return env

    @model_validator(mode="after")
    def _trains(self) -> ServerModel:
        if bool(self.gpus) == bool(self.cpu):
            raise ValueError(f"server {self.name} needs `gpus: [0, 1, ...]`, or `cpu: 2` (lanes) where it has none")
        return self

    def to_server(self) -> Server:
        """Workdir and python are those of this machine where they are not given."""
        return Server(
            name=self.name,
            ssh=self.ssh,
            gpus=tuple(self.gpus),
            cpu=self.cpu,
            workdir=self.workdir or str(Path.cwd()),
            python=self.python or sys.executable,
            env=tuple(self.env.items()),
        )


class SlurmOptions(Config):
    """What `sbatch` is told, with ``--launcher slurm``. Text goes to Slurm as it stands.

    Attributes:
        partition: where to queue, None: the cluster's default.
        account: who pays, None: the user's default.
        time: limit of one lane, e.g. ``2-00:00:00``; None: the partition's. A lane that reaches it is queued again.
        gres: what one lane needs.
        cpus: cores of one lane, for what loads its images; None: Slurm's default, which is one.
        mem: memory of one lane, e.g. ``32G``; None: the partition's default.
        lanes: how many at once; None: as many as ``--gpus`` names.
        idle_minutes: how long a lane keeps its place when no run is open any more, though others still train. More than
            the two minutes after which a silent lane counts as dead, so that most of what falls free is still taken.
        extra: more options of sbatch, e.g. ``--qos=long``.
    """

    partition: str | None = None
    account: str | None = None
    time: Annotated[str | None, BeforeValidator(_text)] = None
    gres: str = "gpu:1"
    cpus: Annotated[int | None, Field(ge=1, le=1024, strict=True)] = None
    mem: Annotated[str | None, BeforeValidator(_text)] = None
    lanes: Annotated[int | None, Field(ge=1, le=1000, strict=True)] = None
    idle_minutes: Annotated[float, Field(ge=1, le=10080, strict=True)] = 5.0
    extra: list[str] = Field(default=[])

    @field_validator("mem")
    @classmethod
    def _has_a_unit(cls, mem: str | None) -> str | None:
        if mem is not None and re.fullmatch(r"\d+", mem):
            raise ValueError(f"{mem} would be megabytes; write {mem}G, or {mem}M")
        return mem


class ServersConfig(Config):
    """``configs/servers.yaml``."""

    servers: list[ServerModel] = Field(default=[])
    slurm: SlurmOptions | None = None

    @field_validator("servers")
    @classmethod
    def _are_different(cls, servers: list[ServerModel]) -> list[ServerModel]:
        for what, values in (("name", [s.name for s in servers]), ("ssh", [s.ssh or "" for s in servers])):
            double = next((value for value in values if values.count(value) > 1), None)
            if double == "":
                raise ValueError("two servers have no `ssh:`, but only one can be this machine")
            if double is not None:
                raise ValueError(f"two servers have {what}: {double}; list all GPUs of a machine in one entry")
        return servers


def read_servers(path: Path) -> tuple[Server, ...]:
    """The servers of that file, in its order; none where it names none.

    Raises:
        LabError: as `labtools.core.config.load_config`.
    """
    return tuple(server.to_server() for server in load_config(path, ServersConfig).servers)


def read_slurm(path: Path) -> SlurmOptions:
    """What that file says about a cluster; all defaults where the file or its ``slurm:`` is absent.

    Raises:
        LabError: as `labtools.core.config.load_config`.
    """
    found = load_config(path, ServersConfig).slurm if path.is_file() else None
    return found or SlurmOptions()
