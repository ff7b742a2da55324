"""Was it prepared as it should be? The written dataset is read back and held against the truth."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import xxhash
import yaml
from defects.cohort import Box, Cohort, Expect, Row, Shot, Team, read_number

_IOU = 0.99


def problems(cohort: Cohort, out: Path | None = None) -> dict[str, list[str]]:
    """Everything in which a prepared dataset differs from the truth, by the team's name; ``""``: nobody's pictures."""
    out = out or cohort.out
    findings = _table(out / "findings.csv")
    by_number = _rows_by_number(cohort, out)
    found: dict[str, list[str]] = defaultdict(list)
    same: dict[int, list[Shot]] = defaultdict(list)
    for shot in (shot for team in cohort.teams for shot in team.shots):
        same[shot.number].append(shot)
    for team in cohort.teams:
        rows: list[Row] = []
        for shot in team.shots:
            mine = [row for row in by_number.get(shot.number, []) if _is_of(row, shot, same[shot.number], cohort)]
            rows += mine
            found[team.name] += (f"{_name(shot)}: {what}" for what in _shot_problems(shot, mine, team, findings))
        found[team.name] += (what for check in team.checks for what in check(rows))
        found[team.name] += (f"no finding {e}" for e in team.expects if not _is_met(e, team, findings))
    found[""] += (f"not in the truth: {row['source']}" for n in by_number if n not in same for row in by_number[n])
    return {team: what for team, what in found.items() if what}


def _name(shot: Shot) -> str:
    return f"{shot.sequence}/{shot.index}"


def _is_of(row: Row, shot: Shot, same: Sequence[Shot], cohort: Cohort) -> bool:
    """One picture may have been handed in twice (the ``same`` number): the path tells, in an archive its end."""
    if len(same) == 1:
        return True
    places = {s.path.relative_to(cohort.root).as_posix() for s in same}
    if row["source"] in places:
        return bool(row["source"] == shot.path.relative_to(cohort.root).as_posix())
    return bool(row["source"].endswith("/".join(shot.path.parts[-3:])))


def _shot_problems(shot: Shot, rows: Sequence[Row], team: Team, findings: Sequence[Row]) -> Iterator[str]:
    if shot.fate == "lost":
        if rows:
            yield f"is in the dataset, as {rows[0]['image']}"
        if not _is_named(shot, team, findings):
            yield "was left out, and no finding names it"
        return
    if not rows:
        if shot.fate == "kept":
            yield "is not in the dataset" + (", and no finding names it" * (not _is_named(shot, team, findings)))
        elif not _is_named(shot, team, findings):
            yield "was left out, and no finding names it"
        return
    if len(rows) > 1:
        yield f"is {len(rows)} times in the dataset"
    row = rows[0]
    if shot.split and row["split"] != shot.split:
        yield f"is in {row['split']}, not in {shot.split}"
    if (int(row["width"]), int(row["height"])) != shot.wh:
        yield f"is {row['width']}x{row['height']}, not {shot.wh}"
    yield from _box_problems(shot, row["found"])


def _box_problems(shot: Shot, found: Sequence[Box]) -> Iterator[str]:
    left = list(found)
    for must, wanted in [(True, b) for b in shot.boxes] + [(False, b) for b in shot.maybe]:
        best = max(left, key=lambda box: (box.name == wanted.name, iou(box, wanted)), default=None)
        if best is not None and best.name == wanted.name and iou(best, wanted) >= _IOU:
            left.remove(best)
        elif must:
            near = max(left, key=lambda box: iou(box, wanted), default=None)
            yield f"{wanted} is missing" + (f"; nearest {near}, IoU {iou(near, wanted):.3f}" if near else "")
    for box in left:
        yield f"{box} was invented"


def iou(first: Box, second: Box) -> float:
    """Intersection over union."""
    w = min(first.x2, second.x2) - max(first.x1, second.x1)
    h = min(first.y2, second.y2) - max(first.y1, second.y1)
    if w <= 0 or h <= 0:
        return 0.0
    areas = sum((b.x2 - b.x1) * (b.y2 - b.y1) for b in (first, second))
    return w * h / (areas - w * h)


def _is_named(shot: Shot, team: Team, findings: Sequence[Row]) -> bool:
    """By its path, in a file or a message; by a folder or an archive above it; or by a list or label of its name."""
    path = shot.path.relative_to(team.root).as_posix()
    names = (path, *shot.known_as)
    for row in findings:
        file = row["file"]
        if any(n and (n in file or n in row["message"]) for n in names):
            return True
        is_above = len(file) >= len(team.place) and any(n.startswith((f"{file}/", f"{file}!/")) for n in names)
        if file and is_above and (row["action"] in {"left out", "asked"} or row["severity"] == "error"):
            return True
    return False


def _is_met(expect: Expect, team: Team, findings: Sequence[Row]) -> bool:
    return any(
        _is_about(row, team)
        and expect.file in row["file"]
        and expect.action in row["action"]
        and re.search(expect.about, f"{row['code']}: {row['message']}", re.IGNORECASE)
        for row in findings
    )


def _is_about(row: Row, team: Team) -> bool:
    """About its files or its folder, or comparing something with them."""
    name = team.place.rpartition("/")[2]
    return team.place in row["message"] or name in row["file"] or name in row["team"]


def _rows_by_number(cohort: Cohort, out: Path) -> dict[int, list[Row]]:
    """The manifest's rows with their boxes, by the number in the picture; bytes that are known need no decoding."""
    numbers = {}
    for team in cohort.teams:
        for shot in team.shots:
            if shot.path.is_file():
                numbers[xxhash.xxh3_128_hexdigest(shot.path.read_bytes())] = shot.number
    names = yaml.safe_load((out / "dlcv.yaml").read_text(encoding="utf-8"))["names"]
    listed = _listed(out)
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in _table(out / "manifest.csv"):
        image = out / row["image"]
        if listed.get(row["image"]) != row["split"]:
            raise AssertionError(
                f"{row['image']}: {row['split']} by the manifest, {listed.get(row['image'])} by the lists"
            )
        digest = xxhash.xxh3_128_hexdigest(image.read_bytes())
        number = numbers[digest] if digest in numbers else read_number(image)
        rows[number].append({**row, "found": _boxes(out, row, names)})
    return rows


def _listed(out: Path) -> dict[str, str]:
    """Picture -> split, as a trainer reads it."""
    return {
        line.removeprefix("./"): split
        for split in ("train", "val", "test")
        if (out / f"{split}.txt").is_file()
        for line in (out / f"{split}.txt").read_text(encoding="utf-8").splitlines()
    }


def _boxes(out: Path, row: Row, names: dict[int, str]) -> list[Box]:
    path = out / "labels" / Path(row["image"]).relative_to("images").with_suffix(".txt")
    if not path.is_file():
        return []
    w, h = int(row["width"]), int(row["height"])
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        x, y, bw, bh = (float(v) for v in line.split()[1:])
        corners = ((x - bw / 2) * w, (y - bh / 2) * h, (x + bw / 2) * w, (y + bh / 2) * h)
        found.append(Box(names[int(line.split()[0])], *corners))
    return found


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
