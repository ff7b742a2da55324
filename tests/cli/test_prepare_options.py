"""`labtools prepare` with its options, as typed."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from labtools.core.files import hash_file

COURSE = "names: [velo, ballon]\nlanguage: fr\n"


def picture(seed: int) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A folder with a course and two teams, of which one misspelt its class folder."""
    (tmp_path / "course.yaml").write_text(COURSE, encoding="utf-8")
    for seed, team in enumerate(("velo/a", "balon/b")):
        for sequence in (1, 2, 3):
            for frame in range(4):
                folder = tmp_path / "in" / team / str(sequence)
                for kind, name, data in (
                    ("images", f"frame_{frame:06d}.jpg", picture(100 * seed + 10 * sequence + frame)),
                    ("labels", f"frame_{frame:06d}.txt", b"0 0.500000 0.500000 0.250000 0.500000\n"),
                ):
                    (folder / kind).mkdir(parents=True, exist_ok=True)
                    (folder / kind / name).write_bytes(data)
            split = {1: "train", 2: "val", 3: "test"}[sequence]
            lines = "".join(f"./{team}/{sequence}/images/frame_{f:06d}.jpg\n" for f in range(4))
            (tmp_path / "in" / team / f"{split}.txt").write_text(lines, encoding="utf-8")
    return tmp_path


def run(lab: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labtools", "prepare", *options, "--course", "course.yaml"]
    return subprocess.run(command, cwd=lab, capture_output=True, text=True, encoding="utf-8", check=False)


def content(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): hash_file(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def last_json(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_check_writes_nothing_and_tells_by_its_exit_code(lab: Path) -> None:
    before = content(lab)
    good = run(lab, "--check", "in/velo/a")
    assert good.returncode == 0, good.stdout + good.stderr
    (lab / "in/velo/a/1/labels/frame_000001.txt").write_text("rubbish\n", encoding="utf-8")
    bad = run(lab, "--check", "in/velo/a")
    assert bad.returncode == 1
    assert "1/labels/frame_000001.txt:1" in bad.stdout
    assert "corriger" in bad.stdout  # the course speaks French
    (lab / "in/velo/a/1/labels/frame_000001.txt").write_text("0 0.500000 0.500000 0.250000 0.500000\n")
    assert content(lab) == before


def test_a_question_is_asked_answered_and_obeyed(lab: Path) -> None:
    first = run(lab, "in", "--out", "out", "--ask", "q.yaml", "--json")
    assert first.returncode == 0, first.stderr
    assert last_json(first)["classes"]["ballon"]["train"] == {"images": 0, "boxes": 0}  # type: ignore[index]
    assert "then labtools prepare in --out out --course course.yaml --answers q.yaml\n" in first.stdout
    asked = yaml.safe_load((lab / "q.yaml").read_text(encoding="utf-8"))
    (question,) = [one for one in asked["questions"] if one["key"] == "class-folder:balon"]
    assert "ballon" in question["options"] and question["answer"] is None
    for one in asked["questions"]:
        one["answer"] = "ballon"
    (lab / "q.yaml").write_text(yaml.safe_dump(asked), encoding="utf-8")
    lost = run(lab, "in", "--out", "out", "--ask", "q.yaml")
    assert lost.returncode == 2 and "would be lost" in lost.stderr and "--answers q.yaml" in lost.stderr
    second = run(lab, "in", "--out", "out", "--answers", "q.yaml", "--ask", "q.yaml", "--json")
    assert second.returncode == 0, second.stderr
    assert last_json(second)["classes"]["ballon"]["train"] == {"images": 4, "boxes": 4}  # type: ignore[index]
    kept = yaml.safe_load((lab / "q.yaml").read_text(encoding="utf-8"))
    assert {one["key"]: one["answer"] for one in kept["questions"]}["class-folder:balon"] == "ballon"
    third = run(lab, "in", "--out", "out", "--answers", "q.yaml", "--json")
    assert last_json(third)["redone"] == 0


def test_leaving_out_is_an_answer(lab: Path) -> None:
    text = "questions:\n- {key: 'class-folder:balon', answer: leave out}\n"
    (lab / "q.yaml").write_text(text, encoding="utf-8")
    done = run(lab, "in", "--out", "out", "--answers", "q.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert last_json(done)["images"] == {"train": 4, "val": 4, "test": 4}
    assert "balon" in (lab / "out" / "findings.csv").read_text(encoding="utf-8")


def test_answers_that_are_none(lab: Path) -> None:
    (lab / "q.yaml").write_text("questions: 3\n", encoding="utf-8")
    done = run(lab, "in", "--answers", "q.yaml")
    assert done.returncode == 2 and "q.yaml:1" in done.stderr and "Traceback" not in done.stderr


def test_a_split_that_cannot_be_made_hides_nothing(lab: Path) -> None:
    shutil.rmtree(lab / "in" / "balon")
    for sequence in ("2", "3"):
        shutil.rmtree(lab / "in" / "velo" / "a" / sequence)
    done = run(lab, "in", "--out", "out", "--resplit", "by-sequence", "--no-leakage")
    assert done.returncode == 2 and "too few sequences" in done.stderr
    assert "manifest.csv" in done.stdout and (lab / "out" / "dlcv.yaml").is_file()


def test_another_split_lies_beside(lab: Path) -> None:
    done = run(lab, "in", "--out", "out", "--resplit", "by-time", "--json")
    assert done.returncode == 0, done.stderr
    other = last_json(done)["resplit"]
    assert isinstance(other, dict) and Path(str(other["out"])).name == "out-by-time"
    images = {p.name for p in (lab / "out-by-time" / "images").rglob("*.jpg")}
    assert images == {p.name for p in (lab / "out" / "images").rglob("*.jpg")}
    assert (lab / "out-by-time/train.txt").read_text() != (lab / "out/train.txt").read_text()
    assert (lab / "out-by-time/leakage_summary.csv").is_file()


def test_a_cohort_in_one_archive(lab: Path) -> None:
    shutil.make_archive(str(lab / "cohort"), "gztar", lab / "in")
    packed = run(lab, "cohort.tar.gz", "--out", "packed", "--json")
    assert packed.returncode == 0, packed.stderr
    plain = run(lab, "in", "--out", "plain", "--json")
    assert last_json(packed)["fingerprint"] == last_json(plain)["fingerprint"]
    labels = {k: v for k, v in content(lab / "packed").items() if k.startswith(("images", "labels"))}
    assert labels == {k: v for k, v in content(lab / "plain").items() if k.startswith(("images", "labels"))}
    assert len(labels) > 12


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_a_folder_that_may_not_be_written_is_a_sentence(lab: Path) -> None:
    (lab / "locked").mkdir()
    (lab / "locked" / "file").write_text("x", encoding="utf-8")
    done = run(lab, "in", "--out", "locked/file/out")
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr


def test_a_check_does_not_split_again(lab: Path) -> None:
    done = run(lab, "--check", "in", "--resplit", "random")
    assert done.returncode == 2 and "Give one of the two" in done.stderr
