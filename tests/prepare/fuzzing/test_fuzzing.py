"""A short fuzz of every target; `scripts/fuzz_prepare.py` takes a million. And the fuzzer itself can fail."""

from __future__ import annotations

import random
import warnings

import pytest
from fuzzing.mutate import mutated
from fuzzing.targets import Case, ViolationError, check_annotations, check_list, targets

INPUTS = {"lists": 600, "archives": 60, "names": 300}


@pytest.mark.parametrize("name", targets())
def test_nothing_raises_and_nothing_is_lost_in_silence(name: str) -> None:
    target = targets()[name]
    rng = random.Random(f"suite:{name}")
    left = INPUTS.get(name, 800)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about sizes
        while left > 0:
            target.check([target.make(rng) for _ in range(target.batch)])
            left -= target.batch


def test_mutations_are_the_same_for_the_same_seed() -> None:
    data = b"0 0.5 0.5 0.2 0.3\n" * 3
    first, second = ([mutated(data, random.Random(seed)) for seed in range(200)] for _ in range(2))
    assert first == second
    assert len(set(first)) > 150


def test_the_checks_see_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzzing import targets as module

    silent = Case("labels/frame_000000.txt", b"0 0.5 0.5\n")
    check_annotations([silent])
    reads = module.read_submission

    def without_findings(files: dict[str, bytes]) -> object:
        reading, items = reads(files)
        reading.findings.clear()
        return reading, items

    monkeypatch.setattr(module, "read_submission", without_findings)
    with pytest.raises(ViolationError, match="no finding names the file"):
        check_annotations([silent])
    check_list([Case("train.txt", b"1/images/frame_000000.jpg\n")])
    monkeypatch.setattr(module, "SPLITS", ("val", "test"))
    with pytest.raises(ViolationError, match="is no split"):
        check_list([Case("train.txt", b"1/images/frame_000000.jpg\n")])


def test_targets_have_samples_that_are_read() -> None:
    """Without mutations each annotation sample gives boxes: else the fuzzer would only test refusals."""
    from fuzzing import samples
    from fuzzing.targets import ROOT, read_submission

    for name, place in (
        ("yolo", "labels/frame_000000.txt"), ("voc", "annotations/frame_000000.xml"),
        ("labelme", "labels/frame_000000.json"), ("coco", "instances.json"), ("via_json", "via.json"),
        ("via_csv", "via.csv"), ("boxes_csv", "boxes.csv"), ("cvat_images", "a.xml"), ("cvat_video", "a.xml"),
    ):  # fmt: skip
        kept = 0
        for seed in range(5):
            files = {f"{ROOT}/1/images/{stem}.jpg": b"" for stem in samples.FRAMES}
            files[f"{ROOT}/1/{place}"] = getattr(samples, name)(random.Random(seed))
            kept += sum(len(item.boxes) for item in read_submission(files)[1])
        assert kept, name
