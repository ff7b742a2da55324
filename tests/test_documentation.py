"""The documentation is true: links lead somewhere, and every command shown is one that the CLI understands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])


def _commands(page: Path) -> list[str]:
    """The ``labtools ...`` lines of the page's shell blocks, without comments."""
    blocks = re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line).strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("labtools ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not lost


def _cli() -> Any:
    from labtools.cli import main

    if not main.app.registered_commands:
        main._register_commands()
    return typer.main.get_command(main.app)


ALL_COMMANDS = sorted({c for page in PAGES for c in _commands(page)})


@pytest.mark.parametrize("line", ALL_COMMANDS)
def test_commands_shown_are_understood(line: str) -> None:
    """Parsed by the real CLI, options and all, but not run."""
    _, name, *arguments = shlex.split(line)
    group = _cli()
    command = group.commands.get(name)
    assert command is not None, f"no command {name}"
    command.make_context(name, arguments)


def test_enough_commands_are_shown() -> None:
    shown = {shlex.split(line)[1] for line in ALL_COMMANDS}
    hidden = {name for name, command in _cli().commands.items() if command.hidden}
    assert shown >= set(_cli().commands) - hidden


def test_every_room_and_artifact_is_in_the_architecture() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = [p.name for p in (ROOT / "labtools").iterdir() if p.is_dir() and (p / "__init__.py").is_file()]
    artifacts = [p.stem for p in (ROOT / "labtools" / "artifacts").glob("*.py") if p.stem != "__init__"]
    assert [name for name in (*rooms, *artifacts) if name not in told] == []
