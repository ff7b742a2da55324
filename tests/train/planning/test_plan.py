"""Everything that would stop a run later is said before anything starts, and nothing is ever mixed."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from labtools.artifacts.dataset import Dataset
from labtools.artifacts.record import UNWANTED, Cause, Claim, State, judge
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import list_runs, read_run
from labtools.artifacts.weights import digest_weights
from labtools.core.errors import LabError
from labtools.core.files import read_json, write_json
from labtools.demo.scales import WEIGHTS
from labtools.train.estimates import read_workload
from labtools.train.lanes import guards
from labtools.train.planning import ahead
from labtools.train.planning.plan import Plan, plan_matrix, write_plan
from labtools.train.processes import this_process
from labtools.train.runqueue import claims, orders

FROZEN, FREE = "yolov8f_64_freeze", "yolov8f_64_nofreeze"


FRACTIONS = [1.0, 0.5, 6, 0.001, [0.25, 1.0]]
ASKED = {"patience": "long", "mosaic": 2.0, "optimizer": "Adom", "mixup": 3, "patence": 5}


@pytest.fixture(scope="module", autouse=True)
def _asked_once() -> None:
    """One process for all that the tests below ask Ultralytics: its import takes seconds."""
    fine = [
        ("mixup", 0.1),
        ("optimizer", "AdamW"),
        ("optimizer", "SGD"),
        ("lr0", 0.1),
        ("lr0", 0.002),
        ("mosaic", 1.0),
        ("mosaic", 0.0),
        *(("fraction", value) for value in FRACTIONS),
    ]
    looked = ahead.look([*ASKED.items(), *fine, ("plots", False), ("nbs", 8)], [WEIGHTS / "yolov8f.pt"])
    assert [trouble is not None for trouble in looked.troubles] == [True] * 5 + [False] * (len(fine) + 2)


def plan(lab: Any, data: Path | None = None) -> Plan:
    return plan_matrix(lab.matrix, data, lab.folder / "runs")


def begin(folder: Path) -> None:
    """Somebody trains this run, and is stopped."""
    claims.take(folder, 1, Claim("cpu0", this_process(), claims.now()))
    claims.write_end(folder, 1, Cause.STOPPED, "for a test", epoch=1)


def state(folder: Path) -> State:
    return judge(read_record(folder), stale=False)


def change_dataset(root: Path) -> None:
    write_json(root / "dataset.json", {"layout": 1, "fingerprint": "another"})


def test_a_plan_is_written_once_and_again_without_change(lab: Any) -> None:
    first = plan(lab)
    assert [spec.run_id for spec in first.specs] == [FROZEN, FREE]
    assert not first.root.exists(), "planning writes nothing"
    write_plan(first)
    files = [p for p in first.root.rglob("*.json") if p.parent != first.root]
    assert {path.name for path in files} == {"run.json", "workload.json"}
    before = {path: path.stat().st_mtime_ns for path in files}
    write_plan(plan(lab))
    assert {path: path.stat().st_mtime_ns for path in files} == before
    assert [run.spec for run in list_runs(first.root)] == list(first.specs)


def test_networks_are_measured_for_real_and_once(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write_plan(plan(lab))
    frozen, free = (read_workload(lab.root / run_id) for run_id in (FROZEN, FREE))
    assert frozen is not None and free is not None and frozen.network is not None and free.network is not None
    assert (free.images, free.val_images) == (24, 24)
    assert free.network.parameters == free.network.trained_parameters > frozen.network.trained_parameters > 0
    assert free.network.gflops == free.network.trained_gflops > frozen.network.trained_gflops > 0
    assert free.network.kept_bytes > frozen.network.kept_bytes > 0
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    plan(lab)  # no second process is started for what is known


def test_a_folder_that_is_somebody_else_s_is_refused_before_anything_starts(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_plan(plan(lab))
    monkeypatch.setattr(os, "access", lambda path, _: Path(path).name != FREE)  # root may write everywhere
    with pytest.raises(LabError, match="you may not write to this folder") as caught:
        plan(lab)
    assert caught.value.where == str(lab.root / FREE)
    claims.write_done(lab.root / FREE, {"epochs": 2})
    plan(lab)  # what is done, nobody writes to


def test_a_share_of_the_dataset_is_less_work(lab: Any, shapes_dataset: Dataset) -> None:
    axes = {"model": "yolov8f", "imgsz": 64, "batch": 8, "fraction": FRACTIONS}
    lab.write_matrix(data=str(shapes_dataset.root), axes=axes)
    found = plan(lab)
    images = {str(spec.args["fraction"]): found.workloads[spec.run_id].images for spec in found.specs}
    assert images == {"1.0": 24, "0.5": 12, "6": 6, "0.001": 1, "[0.25, 1.0]": 6}


@pytest.mark.parametrize(
    ("change", "said", "line"),
    [
        ({"data": "nowhere"}, "no such dataset", None),
        ({"data": None}, "names no dataset", None),
        ({"weights": {"yolov8f": "gone.pt"}}, "gone.pt is not here", None),
        ({"defaults": {"patence": 5}}, "no training argument 'patence'", "patence"),
        ({"defaults": {"patience": ASKED["patience"]}}, "'patience' must be an int", "patience"),
        ({"defaults": {"mosaic": 2.0}}, "Valid 'mosaic' values are between 0.0 and 1.0", "mosaic"),
        ({"defaults": {"optimizer": "Adom"}}, "no optimizer 'Adom'", "optimizer"),
        ({"defaults": {"lr0": 0.1}}, "lr0 would be ignored", "lr0"),
        ({"axes": {"model": "yolov8f", "imgsz": 64, "batch": 8, "mixup": [0.1, 3]}}, "'mixup=3' is an", "mixup"),
        ({"axes": {"model": "yolov8f", "imgsz": [64, 100], "batch": 8}}, "100 is no multiple of 32", "imgsz"),
        ({"axes": {"model": "yolov8f", "imgsz": 64, "batch": 8, "freeze": 30}}, "leaves nothing to learn", "freeze"),
        ({"include": [{"imgsz": 96}, {"imgsz": 100}]}, "100 is no multiple of 32", "- imgsz: 100"),
        ({"include": [{"batch": 4, "freeze": 30}]}, "leaves nothing to learn", "freeze: 30"),
        ({"defaults": {"split": "test"}}, "split is not set here but by always val", "split"),
        (
            {
                "axes": {"model": ["yolov8f", "mine"], "imgsz": 64, "batch": 8},
                "weights": {"yolov8f": str(WEIGHTS / "yolov8f.pt"), "mine": str(WEIGHTS / "yolov8f.pt")},
            },
            "yolov8f and mine start from the same checkpoint",
            "mine",
        ),
        ({"defaults": {"single_cls": True}}, "single_cls is not set here but by the dataset", "single_cls"),
    ],
)
def test_mistakes_are_found_at_once(
    lab: Any, shapes_dataset: Dataset, change: dict[str, Any], said: str, line: str | None
) -> None:
    lab.write_matrix(**{"data": str(shapes_dataset.root), **change})
    with pytest.raises(LabError) as caught:
        plan(lab)
    assert said in caught.value.what
    assert caught.value.fix
    if line is not None:
        path, _, number = str(caught.value.where).rpartition(":")
        assert line in Path(path).read_text(encoding="utf-8").splitlines()[int(number) - 1]


def test_a_misspelt_argument_gets_a_hint(lab: Any, shapes_dataset: Dataset) -> None:
    lab.write_matrix(data=str(shapes_dataset.root), defaults={"patence": 5})
    with pytest.raises(LabError) as caught:
        plan(lab)
    assert caught.value.fix == "Did you mean patience?"


def test_weights_that_cannot_be_trained_are_found_before_a_gpu_is_used(lab: Any, shapes_dataset: Dataset) -> None:
    segmenting = "nc: 6\nscales: {n: [0.33, 0.25, 1024]}\nbackbone: [[-1, 1, Conv, [64, 3, 2]]]\n"
    (lab.folder / "cut.pt").write_bytes((WEIGHTS / "yolov8f.pt").read_bytes()[:5000])
    (lab.folder / "seg.yaml").write_text(segmenting + "head: [[[0], 1, Segment, [nc, 32, 256]]]\n", encoding="utf-8")
    for weights, said in (("cut.pt", "not a YOLO checkpoint"), ("seg.yaml", "its task is segment")):
        lab.write_matrix(data=str(shapes_dataset.root), weights={"yolov8f": weights})
        with pytest.raises(LabError, match=said) as caught:
            plan(lab)
        assert caught.value.where == str(lab.folder / weights)


def test_a_full_disk_is_told(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(lab.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10 * 2**20))
    with pytest.raises(LabError, match=r"need about \d+ MB, 10 MB are free") as caught:
        plan(lab)
    assert caught.value.where == str(lab.folder), "runs/ is not there yet"


def test_data_is_relative_to_the_file_and_can_be_replaced(lab: Any, shapes_dataset: Dataset) -> None:
    shutil.copytree(shapes_dataset.root, lab.folder / "datasets" / "copy")
    lab.write_matrix(data="datasets/copy")
    assert plan(lab).specs[0].data == str((lab.folder / "datasets" / "copy" / "dlcv.yaml").resolve())
    assert plan(lab, shapes_dataset.root).specs[0].data == str(shapes_dataset.yaml.resolve())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 3}, "epochs was 2, now 3"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"axes": {"model": "yolov8f", "freeze": [9, None], "imgsz": 64, "batch": 8}}, "freeze was 10, now 9"),
        (
            {"defaults": {"optimizer": "SGD", "lr0": 0.1, "plots": False}},
            "lr0 was 0.002, now 0.1, nbs was 8, now not set, optimizer was AdamW, now SGD",
        ),
    ],
)
def test_what_was_begun_is_stale_when_the_matrix_means_something_else(
    lab: Any, shapes_dataset: Dataset, change: dict[str, Any], said: str
) -> None:
    """The others are trained as if nothing were: one changed number must not stop a matrix."""
    write_plan(plan(lab))
    begin(lab.root / FROZEN)
    lab.write_matrix(data=str(shapes_dataset.root), **change)
    changed = plan(lab)
    assert dict(changed.stale) == {FROZEN: said}
    before = read_run(lab.root / FROZEN)
    write_plan(changed)
    assert (state(lab.root / FROZEN), read_record(lab.root / FROZEN).stale) == (State.STALE, said)
    assert read_run(lab.root / FROZEN) == before, "what was trained there is never said to be something else"
    fresh = read_run(lab.root / FREE)
    assert (state(fresh.folder), fresh.spec) == (State.TODO, changed.specs[1]), "nobody had begun this one"
    lab.write_matrix(data=str(shapes_dataset.root))
    assert not plan(lab).stale
    write_plan(plan(lab))
    assert state(lab.root / FROZEN) is State.TODO, "it fits again"


def test_a_run_of_which_nothing_would_be_lost_is_asked_for_anew(lab: Any, shapes_dataset: Dataset) -> None:
    """It did not fit, so somebody wrote a smaller image: no need to ask what to do with the old one."""
    write_plan(plan(lab))
    claims.take(lab.root / FROZEN, 1, Claim("gpu0", this_process(), claims.now()))
    claims.write_end(lab.root / FROZEN, 1, Cause.OOM, "too large", again=False)
    lab.write_matrix(data=str(shapes_dataset.root), epochs=3)
    changed = plan(lab)
    assert (dict(changed.stale), changed.renewed) == ({}, {FROZEN, FREE})
    write_plan(changed)
    assert (state(lab.root / FROZEN), read_run(lab.root / FROZEN).spec.epochs) == (State.TODO, 3)
    assert read_record(lab.root / "old" / f"{FROZEN}.1").last_end is not None, "what it told is kept"


def test_two_who_plan_at_the_same_moment_ask_for_each_run_once(lab: Any, shapes_dataset: Dataset) -> None:
    """Each would put aside what the other has just written anew, under a lane that may have begun with it."""
    sizes = [32 * n for n in range(1, 9)]
    axes = {"model": "yolov8f", "freeze": [10, None], "imgsz": sizes, "batch": 8}
    lab.write_matrix(data=str(shapes_dataset.root), axes=axes)
    write_plan(plan(lab))
    lab.write_matrix(data=str(shapes_dataset.root), axes=axes, epochs=3)
    plans = [plan(lab) for _ in range(3)]
    at_once = threading.Barrier(len(plans))

    def write(one: Plan) -> int:
        at_once.wait(60)
        return len(write_plan(one))

    with ThreadPoolExecutor(len(plans)) as pool:
        assert list(pool.map(write, plans)) == [16, 16, 16]
    assert {run.spec.epochs for run in list_runs(lab.root)} == {3}
    assert len(list((lab.root / "old").iterdir())) == 16


def test_what_crashes_whoever_opens_it_is_told(lab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\necho Segmentation fault >&2\nexit 139\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crashing))
    with pytest.raises(LabError, match="could not be asked about this: Segmentation fault") as caught:
        ahead.look([], [lab.matrix])
    assert caught.value.where == str(lab.matrix)


def test_a_stale_run_that_is_put_aside_is_written_anew(lab: Any, shapes_dataset: Dataset) -> None:
    write_plan(plan(lab))
    begin(lab.root / FROZEN)
    lab.write_matrix(data=str(shapes_dataset.root), epochs=3)
    write_plan(plan(lab))
    aside = orders.requeue(lab.root / FROZEN)
    write_plan(plan(lab))
    assert read_run(lab.root / FROZEN).spec.epochs == 3
    assert read_run(aside).spec.epochs == 2
    assert state(lab.root / FROZEN) is State.TODO


def test_a_changed_dataset_makes_finished_runs_stale(lab: Any, shapes_dataset: Dataset) -> None:
    copy = lab.folder / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    write_plan(plan(lab, copy))
    claims.write_done(lab.root / FROZEN, {"epochs": 2})
    change_dataset(copy)
    write_plan(plan(lab, copy))
    assert read_record(lab.root / FROZEN).stale == "the dataset has changed since"
    assert state(lab.root / FROZEN) is State.STALE
    assert read_run(lab.root / FREE).spec.fingerprint == "another"


def set_digest(folder: Path, digest: str | None) -> None:
    asked = read_json(folder / "run.json")
    del asked["weights_digest"]
    write_json(folder / "run.json", asked if digest is None else {**asked, "weights_digest": digest})


def test_weights_that_were_trained_anew_under_their_old_name_are_others(lab: Any) -> None:
    """What was begun with the old ones is neither mixed nor lost; what was not is asked for with the new."""
    write_plan(plan(lab))
    spec = read_run(lab.root / FROZEN).spec
    assert spec.weights_digest == digest_weights(WEIGHTS / "yolov8f.pt")
    begin(lab.root / FROZEN)
    for name in (FROZEN, FREE):
        set_digest(lab.root / name, "0" * 32)  # as if planned before they were trained anew
    changed = plan(lab)
    assert (dict(changed.stale), changed.renewed) == ({FROZEN: "the weights yolov8f.pt have changed since"}, {FREE})
    write_plan(changed)
    assert state(lab.root / FROZEN) is State.STALE
    fault = guards.look_at_data_of(read_run(lab.root / FROZEN).spec)
    assert fault is not None and (fault.cause, "yolov8f.pt have changed" in fault.reason) == (Cause.STALE, True)
    assert guards.look_at_data_of(read_run(lab.root / FREE).spec) is None
    set_digest(lab.root / FROZEN, spec.weights_digest)
    assert not plan(lab).stale


def test_a_run_of_a_version_that_did_not_look_at_its_weights_goes_on(lab: Any) -> None:
    write_plan(plan(lab))
    digest = read_run(lab.root / FROZEN).spec.weights_digest
    for name in (FROZEN, FREE):
        set_digest(lab.root / name, None)
    begin(lab.root / FROZEN)
    claims.write_done(lab.root / FREE, {"epochs": 2})
    assert (dict(plan(lab).stale), plan(lab).renewed) == ({}, frozenset())
    write_plan(plan(lab))
    assert read_run(lab.root / FROZEN).spec.weights_digest == digest, "from now on it is known"
    assert read_run(lab.root / FREE).spec.weights_digest == "", "what is finished stays as it was"


def test_a_lab_may_be_moved(lab: Any, shapes_dataset: Dataset) -> None:
    moved = lab.folder / "moved"
    shutil.copytree(shapes_dataset.root, moved)
    write_plan(plan(lab))
    claims.write_done(lab.root / FROZEN, {"epochs": 2})
    begin(lab.root / FREE)
    assert not plan(lab, moved).stale
    write_plan(plan(lab, moved))
    assert read_run(lab.root / FREE).spec.data == str(moved / "dlcv.yaml"), "it goes on with the data where it is now"
    assert read_run(lab.root / FROZEN).spec.data == str(shapes_dataset.yaml), "what is finished stays as it was"


def test_a_matrix_may_grow_and_shrink(lab: Any, shapes_dataset: Dataset) -> None:
    data = str(shapes_dataset.root)
    write_plan(plan(lab))
    claims.write_done(lab.root / FROZEN, {"epochs": 2})
    lab.write_matrix(data=data, axes={"model": "yolov8f", "freeze": [10, None], "imgsz": 64, "batch": [8, 4]})
    write_plan(plan(lab))
    assert {run.run_id for run in list_runs(lab.root)} == {FROZEN, FREE, f"{FROZEN}_b4", f"{FREE}_b4"}
    assert state(lab.root / FROZEN) is State.DONE
    lab.write_matrix(data=data, axes={"model": "yolov8f", "freeze": None, "imgsz": 64, "batch": 8})
    smaller = plan(lab)
    assert [spec.run_id for spec in smaller.specs] == [FREE]
    assert smaller.others == (FROZEN, f"{FROZEN}_b4", f"{FREE}_b4")
    write_plan(smaller)
    assert state(lab.root / FROZEN) is State.DONE, "what is finished is left alone"
    assert read_record(lab.root / f"{FREE}_b4").stale == UNWANTED
    claims.write_done(lab.root / f"{FROZEN}_b4", {"epochs": 2})  # a lane was at work on it
    assert state(lab.root / f"{FROZEN}_b4") is State.DONE
    lab.write_matrix(data=data, axes={"model": "yolov8f", "freeze": None, "imgsz": 64, "batch": [4, 8]})
    write_plan(plan(lab))
    assert state(lab.root / f"{FREE}_b4") is State.TODO


def test_an_argument_may_become_an_axis(lab: Any, shapes_dataset: Dataset) -> None:
    """What was trained with Ultralytics' own value, unsaid, is the run of that value; mosaic is 1.0 there."""
    write_plan(plan(lab))
    begin(lab.root / FREE)
    axes = {"model": "yolov8f", "freeze": None, "imgsz": 64, "batch": 8, "mosaic": [1.0, 0.0]}
    lab.write_matrix(data=str(shapes_dataset.root), axes=axes)
    grown = plan(lab)
    assert {spec.run_id: spec.args["mosaic"] for spec in grown.specs} == {FREE: 1.0, f"{FREE}_mosaic0.0": 0.0}
    assert not grown.stale
    write_plan(grown)
    assert state(lab.root / FREE) is State.TODO
    assert not plan(lab).stale


def test_priorities_are_written_until_a_person_decides(lab: Any, shapes_dataset: Dataset) -> None:
    def prefer(number: int) -> None:
        wish = [{"freeze": "none", "priority": number}] if number else []
        lab.write_matrix(data=str(shapes_dataset.root), priorities=wish)
        write_plan(plan(lab))

    prefer(5)
    assert [read_record(lab.root / run_id).priority for run_id in (FROZEN, FREE)] == [0, 5]
    prefer(0)
    assert read_record(lab.root / FREE).priority == 0
    orders.set_priority(lab.root / FREE, 9)
    prefer(4)
    assert read_record(lab.root / FREE).priority == 9


def test_labels_are_read_once_for_all_lanes(lab: Any, shapes_dataset: Dataset) -> None:
    copy = lab.folder / "copy"
    shutil.copytree(shapes_dataset.root, copy)
    image = sorted((copy / "images").rglob("*.jpg"))[0]
    image.write_bytes(b"no picture")
    write_plan(plan(lab, shapes_dataset.root))
    for run in list_runs(lab.root):
        write_json(run.folder / "run.json", {**read_json(run.folder / "run.json"), "data": str(copy / "dlcv.yaml")})
    told: list[tuple[str, int, int]] = []
    (complaint,) = ahead.build_label_caches(lab.root, lambda *how_far: told.append(how_far))
    assert image.name in complaint
    assert {step: (done, total) for step, done, total in told} == {
        f"labels of {split}": (24, 24) for split in ("train", "val", "test")
    }
    told.clear()
    assert len(ahead.build_label_caches(lab.root, lambda *how_far: told.append(how_far))) == 1
    assert not told
