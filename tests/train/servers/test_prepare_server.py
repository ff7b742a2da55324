"""The script that brings labtools to a server: into a new environment on a real one, and nothing the second time."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from loopback_servers import LoopbackServers

import labtools

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "scripts"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the script installs: nobody edits it meanwhile."""
    folder = tmp_path / "checkout"
    for name in ("labtools", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def prepare(checkout: Path, servers: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(checkout / "scripts" / "prepare_server.sh"), "--servers", servers.name, *options]
    return subprocess.run(command, cwd=servers.parent, capture_output=True, text=True, check=False, timeout=150)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """All that is installed here but labtools: on a server, pip finds it there and downloads nothing."""
    folder = tmp_path / "packages"
    folder.mkdir()
    # Where they are elsewhere, and a .pth file leads there, they are on the path all the same.
    places = [sysconfig.get_path("purelib"), *(place for place in sys.path if Path(place).name == "site-packages")]
    found = {path.name: path for place in reversed(places) for path in Path(place).iterdir()}
    for name, path in found.items():
        if "labtools" not in name:
            (folder / name).symlink_to(path)
    return folder


def test_a_server_gets_an_environment_once(
    room: LoopbackServers, checkout: Path, packages: Path, tmp_path: Path
) -> None:
    python = tmp_path / "L'été" / "bin" / "python"
    entry = {"name": "b", "ssh": "b", "cpu": 1, "python": str(python), "env": {"PYTHONPATH": str(packages)}}
    servers = tmp_path / "servers.yaml"
    servers.write_text(json.dumps({"servers": [entry]}), encoding="utf-8")
    first = prepare(checkout, servers)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "b: making a virtual environment in" in first.stdout
    assert f"b: ready: Python 3.{sys.version_info[1]}, labtools {labtools.__version__} (" in first.stdout
    where = "import labtools; print(labtools.__file__)"
    installed = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True, cwd="/").stdout
    assert installed.startswith(str(python.parents[1]))
    again = prepare(checkout, servers, "b")
    assert again.returncode == 0, again.stderr
    assert "b: ready already" in again.stdout and "making" not in again.stdout


def test_an_older_installation_here_is_told_before_any_server_is_touched(checkout: Path, tmp_path: Path) -> None:
    """What is installed here is what the servers are compared with, so it has to be what they would get."""
    with (checkout / "labtools" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("# another line\n")
    servers = tmp_path / "servers.yaml"
    servers.write_text("servers:\n  - {name: b, ssh: nowhere.invalid, cpu: 1}\n", encoding="utf-8")
    result = prepare(checkout, servers)
    assert result.returncode == 1
    assert "is not that of this folder" in result.stderr and f"--editable {checkout}" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [(["c"], "has no server c; it has b"), (["--what"], "bash scripts/prepare_server.sh b")],
)
def test_a_mistake_is_a_sentence(tmp_path: Path, options: list[str], said: str) -> None:
    servers = tmp_path / "servers.yaml"
    servers.write_text("servers:\n  - {name: b, ssh: b, cpu: 1}\n")
    result = prepare(ROOT, servers, *options)
    assert result.returncode != 0 and said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", ["prepare_server.sh", "_install_here.sh"])
def test_shellcheck_has_nothing_to_say(script: str) -> None:
    command = ["shellcheck", "-x", "-P", str(SCRIPTS.parent), str(SCRIPTS / script)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
