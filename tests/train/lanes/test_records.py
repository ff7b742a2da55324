"""Lanes as processes of this machine."""

from __future__ import annotations

import json
import socket
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


def test_a_lane_is_at_work_where_its_folder_is_and_not_where_that_was_moved_to(tmp_path: Path) -> None:
    root = tmp_path / "lab" / "runs" / "tiny"
    root.mkdir(parents=True)
    lane = Lane("cpu0")
    with records.hold(root, lane) as is_ours:
        assert is_ours
        assert records._living(root, lane) == this_process()
        (tmp_path / "link").symlink_to(tmp_path / "lab")
        assert records._living(tmp_path / "link" / "runs" / "tiny", lane) == this_process(), "by another name"
        moved = tmp_path / "moved"
        (tmp_path / "lab").rename(moved)
        assert records._living(moved / "runs" / "tiny", lane) is None
        assert len(records.living_lanes(moved / "runs" / "tiny")) == 1, "--stop ends it"
    record = json.loads((moved / "runs" / "tiny" / "lanes" / f"cpu0@{socket.gethostname()}.json").read_text())
    del record["root"]
    write_json(moved / "runs" / "tiny" / "lanes" / f"cpu0@{socket.gethostname()}.json", record)
    assert records._living(moved / "runs" / "tiny", lane) == this_process(), "started by an older version"
