"""Every state that a run can have has its cell in the report's grid."""

from __future__ import annotations

import pandas as pd
import pytest

from labtools.artifacts.record import State
from labtools.report.pages.macro_training import status_grid
from labtools.report.run_states import _WORDS


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_cell(state: State) -> None:
    run = {"model": "yolov8n", "freeze_label": "freeze", "imgsz": 320, "state": _WORDS[state], "note": ""}
    (row,) = status_grid(pd.DataFrame([run])).rows
    assert _WORDS[state] in row[1].text
