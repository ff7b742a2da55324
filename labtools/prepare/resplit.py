"""PREPARED DATASET -> THE SAME PICTURES, SPLIT ANOTHER WAY, in a folder beside it.

The students' own split stays as it is; a class can train on both and see what the metric was worth:

* ``by-sequence``: whole videos on one side (Roboflow's copies of a frame bear its name, hence its video), and videos
  that share a picture to the byte together. Nothing that is tested has a neighbour in training.
* ``by-time``: the start of each video for training, its middle for validation, its end for the test.
* ``random``: frames at random. With frames 1/30 s apart nearly every one that is tested was trained on, but for a
  fraction of a second.

Each team keeps its shares of train, val and test. Pictures and labels are hard links to those of the first dataset.
"""

from __future__ import annotations

import csv
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools import __version__
from labtools.artifacts.dataset import MANIFEST_COLUMNS, SPLITS, Dataset, findings_csv, label_path, manifest_csv
from labtools.artifacts.findings import findings_json
from labtools.artifacts.leakage import leakage_csv, summary_csv
from labtools.core.config import dump_yaml
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes
from labtools.core.findings import Action, Finding, Severity
from labtools.core.progress import Tick, silent
from labtools.core.sentences import Sentence
from labtools.prepare.leakage import Columns, analyse
from labtools.prepare.output.placing import Placement, make_folders, place_files
from labtools.prepare.output.swap import check_target
from labtools.prepare.output.writer import LAYOUT, DatasetWriter
from labtools.prepare.sources.workers import Workers
from labtools.prepare.splits.made import cuts, deal, frame_key, linked, sequences_by_name

Row = Mapping[str, Any]
"""One row of the manifest, as text."""

Team = tuple[str, str]
"""Class folder and team."""


@dataclass(frozen=True)
class ResplitResult:
    """What was written.

    Attributes:
        out: the new dataset's folder.
        counts: split -> pictures.
        before, after: pictures of val and test whose neighbour in the video (the frame before or behind) is in train,
            in the first dataset and in the new one.
    """

    out: Path
    fingerprint: str
    counts: dict[str, int]
    before: int
    after: int


def resplit(
    dataset: Dataset,
    how: str,
    seed: int = 0,
    tick: Tick = silent,
    *,
    shares: Mapping[str, float] | None = None,
) -> ResplitResult:
    """Write ``<dataset>-<how>`` beside a dataset.

    Args:
        how: one of `WAYS`.
        seed: the same one gives the same split.
        shares: split -> part, for all teams; by default each team keeps those of its own split.

    Raises:
        LabError: no such way, too few sequences for it, or the new folder's name is taken by somebody else.
    """
    if how not in WAYS:
        raise LabError(f"there is no way to split called {how!r}", None, f"Choose one of {', '.join(WAYS)}.")
    out = dataset.root.with_name(f"{dataset.root.name}-{how}")
    check_target(out, dataset.root)
    rows = read_rows(dataset)
    teams = _teams(rows)
    sequences = sequences_of_rows(rows)
    wanted = {team: dict(shares) if shares else _shares(members) for team, members in teams.items()}
    split = WAYS[how](teams, sequences, wanted, seed)
    if how == "by-sequence" and not {"train", "test"} <= set(split.values()):
        what = "there are too few sequences to test on one that was not trained on"
        raise LabError(what, dataset.root, "Use --resplit by-time, which cuts each sequence into blocks.")
    new = [{**row, "split": split[row["image"]]} for row in rows]
    fingerprint = _write(dataset, out, new, _findings(dataset, how, seed, rows, new), tick)
    counts = Counter(row["split"] for row in new)
    before, after = neighbours_in_train(rows, sequences), neighbours_in_train(new, sequences)
    return ResplitResult(out, fingerprint, {s: counts[s] for s in SPLITS}, before, after)


def read_rows(dataset: Dataset) -> list[dict[str, str]]:
    """The manifest's rows as they are written."""
    with dataset.manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or set(MANIFEST_COLUMNS) - {"look"} - set(rows[0]):
        raise LabError(
            "the manifest has no pictures or lacks columns", dataset.manifest, "Run `labtools prepare` again."
        )
    return rows


def sequences_of_rows(rows: Sequence[Row]) -> dict[str, str]:
    """Image -> the video it is a frame of, over the whole dataset: by its folder, else as the file name tells."""
    found: dict[str, str] = {}
    for team, members in _teams(rows).items():
        by_folder = {row["image"]: row["sequence"] for row in members}
        named: Mapping[str, str] = {}
        if len(set(by_folder.values())) == 1:
            by_source = sequences_by_name([row["source"] for row in members])
            named = {row["image"]: by_source[row["source"]] for row in members} if by_source else {}
        for image, sequence in (named or by_folder).items():
            found[image] = "/".join((*team, sequence))
    return found


def neighbours_in_train(rows: Sequence[Row], sequences: Mapping[str, str]) -> int:
    """The pictures of val and test of whose video the frame just before or behind is in train."""
    videos: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        videos[sequences[row["image"]]].append(row)
    count = 0
    for video in videos.values():
        splits = [row["split"] for row in sorted(video, key=_time)]
        for place, split in enumerate(splits):
            count += split != "train" and "train" in splits[max(0, place - 1) : place + 2]
    return count


def _time(row: Row) -> tuple[Any, ...]:
    """The order of a video's frames: by number, and by name where there is none."""
    return (0, int(row["frame"])) if row["frame"] else (1, frame_key(row["image"]))


def _teams(rows: Sequence[Row]) -> dict[Team, list[Row]]:
    found: dict[Team, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["class_folder"], row["team"]].append(row)
    return dict(found)


def _shares(rows: Sequence[Row]) -> dict[str, float]:
    counts = Counter(row["split"] for row in rows)
    return {split: counts[split] / len(rows) for split in SPLITS}


Shares = Mapping[Team, Mapping[str, float]]


def _by_sequence(
    teams: Mapping[Team, Sequence[Row]], sequences: Mapping[str, str], shares: Shares, seed: int
) -> dict[str, str]:
    """Whole videos; those that share a picture, also of two teams, stay together."""
    keys: dict[str, list[Hashable]] = defaultdict(list)
    for members in teams.values():
        for row in members:
            keys[sequences[row["image"]]].append(row["hash"])
    unit_of = linked(keys)
    split: dict[str, str] = {}
    for team in sorted(teams):
        sizes = Counter(unit_of[sequences[row["image"]]] for row in teams[team])
        fixed = {unit: split[unit] for unit in sizes if unit in split}
        split |= deal(sizes, shares[team], f"{seed}:{'/'.join(team)}", fixed)
    return {row["image"]: split[unit_of[sequences[row["image"]]]] for members in teams.values() for row in members}


def _by_time(
    teams: Mapping[Team, Sequence[Row]], sequences: Mapping[str, str], shares: Shares, seed: int
) -> dict[str, str]:
    """Each video in three blocks; the seed plays no part."""
    found: dict[str, str] = {}
    for team, members in teams.items():
        videos: dict[str, list[Row]] = defaultdict(list)
        for row in members:
            videos[sequences[row["image"]]].append(row)
        for video in videos.values():
            found |= _in_blocks([row["image"] for row in sorted(video, key=_time)], shares[team])
    return found


def _at_random(
    teams: Mapping[Team, Sequence[Row]], sequences: Mapping[str, str], shares: Shares, seed: int
) -> dict[str, str]:
    found: dict[str, str] = {}
    for team, members in teams.items():
        images = sorted(row["image"] for row in members)
        random.Random(f"{seed}:{'/'.join(team)}").shuffle(images)  # noqa: S311  not a secret
        found |= _in_blocks(images, shares[team])
    return found


def _in_blocks(images: Sequence[str], shares: Mapping[str, float]) -> dict[str, str]:
    first, second = cuts(len(images), shares)
    return {p: "train" if i < first else "val" if i < second else "test" for i, p in enumerate(images)}


Way = Callable[[Mapping[Team, Sequence[Row]], Mapping[str, str], Shares, int], dict[str, str]]

WAYS: Mapping[str, Way] = {"by-sequence": _by_sequence, "by-time": _by_time, "random": _at_random}
"""How a dataset can be split again: name -> image -> split."""


def _findings(dataset: Dataset, how: str, seed: int, old: Sequence[Row], new: Sequence[Row]) -> list[Finding]:
    """How the split came about, for all and for each team; and the teams that have no picture in some split."""
    findings = []
    before, after = _teams(old), _teams(new)
    for (class_folder, team), rows in after.items():
        counts, asked = Counter(row["split"] for row in rows), Counter(r["split"] for r in before[class_folder, team])
        told = tuple(
            Sentence(
                "{split} {n} ({before} in {dataset})",
                split=split,
                n=counts[split],
                before=asked[split],
                dataset=dataset.root.name,
            )
            for split in SPLITS
        )
        what = Sentence("split again {how}, seed {seed}: {counts}", how=how, seed=seed, counts=told)
        where = "/".join(part for part in ("images", class_folder, team) if part)
        findings.append(Finding(team, where, 0, "split-again", Severity.INFO, what, Action.NOTED))
        for split in SPLITS:
            if asked[split] and not counts[split]:
                what = Sentence(
                    "no {split} pictures: there are too few sequences that share no picture with others", split=split
                )
                findings.append(Finding(team, where, 0, f"split-no-{split}", Severity.WARNING, what, Action.NOTED))
    return findings


def _write(dataset: Dataset, out: Path, rows: Sequence[Row], findings: Sequence[Finding], tick: Tick) -> str:
    """The new folder, written aside and swapped in. Returns its fingerprint."""
    with DatasetWriter(out) as writer:
        _link(dataset.root, writer.aside, rows, tick)
        for split in SPLITS:
            listed = sorted(row["image"] for row in rows if row["split"] == split)
            writer.write(f"{split}.txt", "".join(f"./{image}\n" for image in listed))
        writer.write("manifest.csv", manifest_csv(dict(row) for row in rows))
        leakage = analyse(_columns(rows)) if any(row.get("look") for row in rows) else None
        if leakage is not None:
            writer.write("leakage.csv", leakage_csv(leakage.rows))
            writer.write("leakage_summary.csv", summary_csv(leakage.summary))
            findings = [*findings, *leakage.findings]
        writer.write("findings.csv", findings_csv(findings))
        writer.write("findings.json", findings_json(findings))
        writer.write("dlcv.yaml", dump_yaml({**{s: f"{s}.txt" for s in SPLITS}, "names": dict(dataset.names)}))
        split = "".join(f"{row['image']}\t{row['split']}\n" for row in rows)
        fingerprint = hash_bytes(f"{dataset.fingerprint}\n{split}".encode())
        about = {"layout": LAYOUT, "labtools": __version__, "fingerprint": fingerprint}
        writer.write("dataset.json", json.dumps(about, indent=2, sort_keys=True) + "\n")
        writer.commit()
    return fingerprint


def _columns(rows: Sequence[Row]) -> Columns:
    ordered = sorted(rows, key=lambda row: str(row["image"]))
    names = ("image", "source", "split", "class_folder", "team", "sequence", "hash")
    plain: Any = {name: [str(row[name]) for row in ordered] for name in names}
    frames = [int(row["frame"]) if row["frame"] else None for row in ordered]
    looks = [row["look"] or "0" * 32 for row in ordered]
    phash, tone = [int(one[:16], 16) for one in looks], [int(one[16:], 16) for one in looks]
    return Columns(**plain, frame=frames, phash=phash, tone=tone)


def _link(source: Path, aside: Path, rows: Sequence[Row], tick: Tick) -> None:
    """Pictures and labels of the first dataset under the same names."""
    make_folders(str(aside), [row["image"] for row in rows])
    files: list[Placement] = []
    for row in rows:
        files.append((f"{source}/{row['image']}", f"{aside}/{row['image']}", True))
        if row["state"] != "unlabelled":
            label = label_path(row["image"])
            files.append((f"{source}/{label}", f"{aside}/{label}", True))
    with Workers(len(files)) as workers:
        running = workers.start(place_files, files)
        for done, future in enumerate(running, 1):
            future.result()
            tick("write dataset", done, len(running))
