"""The notebook runs from top to bottom on a fresh demo, and is committed executed and small."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "demo.ipynb"


def test_the_notebook_runs_on_a_fresh_demo(demo_lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABTOOLS_DEMO", str(demo_lab))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    client.execute()
    figures = [o for c in notebook.cells for o in c.get("outputs", []) if "image/jpeg" in o.get("data", {})]
    assert len(figures) >= 6


def test_the_committed_notebook_is_executed_and_small() -> None:
    cells = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == "code"]
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert not [o for c in cells for o in c.outputs if o.output_type in {"error", "stream"}]
    assert NOTEBOOK.stat().st_size < 1_000_000
