"""Lanes as processes of this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.train import pipeline
from labtools.train.lanes import records
from labtools.train.lanes.lane import Lane
from labtools.train.processes import this_process


def test_another_user_s_lane_is_left_alone_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: psutil.Process) -> None:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "terminate", refuse)
    record = records.LaneRecord(Lane("cpu0"), this_process())
    write_json(records.folder(tmp_path) / "cpu0@here.json", asdict(record))
    with pytest.raises(LabError, match=f"not yours to end: cpu0 of {psutil.Process().username()}") as caught:
        records.stop_lanes(tmp_path)
    assert "--stop" in caught.value.fix
    stopped, troubles = pipeline.stop_everywhere(tmp_path, None)
    assert (stopped, [trouble.what for trouble in troubles]) == ([], [caught.value.what])
