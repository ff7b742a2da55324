"""What is kept to go on from, and run folders that are put back to where it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.checkpoint import Kept, forget, kept_epochs, read_kept
from labtools.train.attempt import checkpoints
from labtools.train.attempt.checkpoints import clear_leftovers, cut_results, is_there, keep, put_back

HEAD = "epoch,time,metrics/mAP50-95(B),lr/pg0"


@pytest.fixture
def folder(make_run: Callable[..., Path]) -> Path:
    folder = make_run()
    (folder / "weights").mkdir()
    return folder


def save(folder: Path, epoch: int) -> None:
    """As our trainer does: new files, renamed over the old."""
    for name in ("last.pt", "best.pt"):
        aside = folder / "weights" / "aside"
        aside.write_text(f"{name} of epoch {epoch}")
        aside.replace(folder / "weights" / name)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "weights").iterdir())


def test_each_epoch_replaces_what_was_kept(folder: Path) -> None:
    assert (kept_epochs(folder), is_there(folder)) == (0, None)
    for epoch in (1, 2, 3):
        save(folder, epoch)
        keep(folder, Kept(epoch, False, epoch, 10.0 * epoch))
    assert kept_epochs(folder) == 3
    assert names(folder) == ["best.pt", "last.pt", "resume.3.best.pt", "resume.3.pt", "resume.json"]
    save(folder, 4)
    kept = is_there(folder)
    assert kept == Kept(3, False, 3, 30.0) and kept is not None
    assert kept.last(folder).read_text() == "last.pt of epoch 3", "a later epoch does not write over it"
    forget(folder)
    assert names(folder) == ["best.pt", "last.pt"]


@pytest.mark.parametrize("lost", ["resume.3.pt", "resume.3.best.pt"])
def test_of_two_files_that_belong_together_one_alone_is_nothing(folder: Path, lost: str) -> None:
    save(folder, 3)
    keep(folder, Kept(3, False, 3, 30.0))
    (folder / "weights" / lost).unlink()
    assert is_there(folder) is None


def test_a_kill_between_any_two_steps_leaves_one_that_is_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every link, rename and removal in turn is the last thing that happens."""
    save(folder, 1)
    keep(folder, Kept(1, False, 1, 1.0))
    epoch = 1
    for survived in range(20):
        left = [survived]

        def or_die(real: Callable[..., object], left: list[int] = left) -> Callable[..., object]:
            def step(*arguments: object, **options: object) -> object:
                if left[0] == 0:
                    raise KeyboardInterrupt
                left[0] -= 1
                return real(*arguments, **options)

            return step

        save(folder, epoch + 1)
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", or_die(os.link))
            patch.setattr(Path, "replace", or_die(Path.replace))
            patch.setattr(Path, "unlink", or_die(Path.unlink))
            try:
                keep(folder, Kept(epoch + 1, False, 1, 1.0))
            except KeyboardInterrupt:
                pass
            else:
                assert survived > 5, "the steps were not all seen"
                break
        kept = is_there(folder)
        assert kept is not None and kept.epoch in (epoch, epoch + 1)
        assert kept.last(folder).read_text() == f"last.pt of epoch {kept.epoch}"
        assert kept.best(folder).read_text() == f"best.pt of epoch {kept.epoch}"
        epoch = kept.epoch
    else:
        pytest.fail("it never came through")


def test_of_a_finished_run_nothing_half_written_stays(folder: Path) -> None:
    save(folder, 1)
    keep(folder, Kept(1, True, 1, 2.0))
    for half in (".beat.2.json.a1.tmp", ".claim.1.a2.tmp", ".events.out.tfevents.7.h.1.tmp", "weights/.last.pt.9.tmp"):
        (folder / half).touch()
    (folder / ".order.1.json.a3.tmp").touch()  # somebody writes it now
    forget(folder)
    assert [path.name for path in folder.glob(".*")] == [".order.1.json.a3.tmp"]
    assert names(folder) == ["best.pt", "last.pt"]


def test_what_ultralytics_made_of_them_since_is_put_back(folder: Path) -> None:
    save(folder, 2)
    keep(folder, Kept(2, False, 1, 5.0))
    save(folder, 3)
    (folder / "weights" / "best.pt").unlink()
    (folder / "weights" / ".last.pt.77.tmp").write_text("half")
    kept = read_kept(folder)
    assert kept is not None
    put_back(folder, kept)
    assert (folder / "weights" / "last.pt").read_text() == "last.pt of epoch 2"
    assert (folder / "weights" / "best.pt").read_text() == "best.pt of epoch 2"
    put_back(folder, kept)
    assert names(folder) == ["best.pt", "last.pt", "resume.2.best.pt", "resume.2.pt", "resume.json"]


def test_without_hard_links_copies_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    save(folder, 1)
    keep(folder, Kept(1, True, 1, 5.0))
    assert is_there(folder) == Kept(1, True, 1, 5.0)
    assert (folder / "weights" / "resume.1.pt").stat().st_ino != (folder / "weights" / "last.pt").stat().st_ino


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"epoch": 3}', '{"of": "another version"}'])
def test_a_damaged_note_is_none(folder: Path, damage: str) -> None:
    (folder / "weights" / "resume.json").write_text(damage)
    assert (read_kept(folder), is_there(folder), kept_epochs(folder)) == (None, None, 0)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["1,2.5,.1,.01", "2,4.5,.2,.01", "3,6.5,.3,.01"], ["1,2.5,.1,.01", "2,4.5,.2,.01"]),
        (["1,2.5,.1,.01", "2,4.5,.2,.01", "2,9.5,.4,.01"], ["1,2.5,.1,.01", "2,9.5,.4,.01"]),
        (["1,2.5,.1,.01", "2,4.5,.2,.01", "3,6"], ["1,2.5,.1,.01", "2,4.5,.2,.01"]),
        (["1,2.5,.1,.01"], ["1,2,0.1,0.01", "2,4,0.2,0.01"]),
        ([], ["1,2,0.1,0.01", "2,4,0.2,0.01"]),
    ],
    ids=["an epoch too many", "one twice: the later", "torn", "one lost: from the checkpoint", "all lost"],
)
def test_results_have_each_epoch_once(folder: Path, rows: list[str], expected: list[str]) -> None:
    path = folder / "results.csv"
    path.write_text("\n".join([HEAD, *rows]) + ("" if rows and rows[-1] == "3,6" else "\n"))
    columns = zip(HEAD.split(","), [[1, 2], [2.0, 4.0], [0.1, 0.2], [0.01, 0.01]], strict=True)
    elapsed = cut_results(folder, 2, dict(columns))
    assert path.read_text().splitlines() == [HEAD, *expected]
    assert elapsed == float(expected[-1].split(",")[1])


def test_what_neither_the_disk_nor_the_checkpoint_remembers_is_done_without(folder: Path) -> None:
    assert cut_results(folder, 2, {}) == 0.0
    assert not (folder / "results.csv").exists()
    (folder / "results.csv").write_text(f"{HEAD}\n2,4.5,.2,.01\n3,6.5,.3,.01\n")
    assert cut_results(folder, 2, {}) == 4.5
    assert (folder / "results.csv").read_text() == f"{HEAD}\n2,4.5,.2,.01\n"


def test_the_best_epoch_is_the_one_whose_weights_ultralytics_keeps(folder: Path) -> None:
    assert checkpoints.best_epoch(folder) == 0
    rows = [f"{epoch},1,{score},.01" for epoch, score in enumerate([0.1, 0.3, 0.2, 0.3, 0.0], start=1)]
    (folder / "results.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    assert checkpoints.best_epoch(folder) == 4


def test_only_what_ultralytics_left_is_cleared(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    leftovers = ["args.yaml", "results.csv", "events.out.tfevents.1.vm.2.0", "BoxPR_curve.png", "train_batch0.jpg"]
    kept = ["train.log", "claim.1", "end.1.json", "beat.1.json", "notes of a student.txt"]
    for name in (*leftovers, *kept):
        (folder / name).write_text("x")
    save_folder = folder / "weights"
    save_folder.mkdir()
    (save_folder / "last.pt").write_text("x")
    clear_leftovers(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*kept, "run.json"])
