"""What other tools and habits leave behind: exports of whole projects, runs, copies and sidecars among the data."""

from __future__ import annotations

import random

from defects import writers
from defects.cohort import Shot, Team

Rng = random.Random

SUBSETS = {"train": "Train", "val": "Validation", "test": "Test"}
"""What CVAT offers when a task of a project is created."""


def _with_subsets(shots: list[Shot], subset_of: dict[int, str]) -> str:
    """CVAT for images out of a project: ``<image id name subset task_id width height>``; ``subset_of`` by number."""
    text = writers.cvat_images_xml(shots, None, lambda s: f"{s.sequence}/{s.path.name}")
    for i, shot in enumerate(shots):
        text = text.replace(f'<image id="{i}" ', f'<image id="{i}" subset="{subset_of[shot.number]}" task_id="7" ')
    return text


def cvat_subsets_of_a_project(team: Team, rng: Rng) -> None:
    """No lists: the project's one annotations.xml knows the subset of each picture."""
    team.drop_labels()
    team.drop_lists()
    team.write("annotations.xml", _with_subsets(team.shots, {s.number: SUBSETS[s.split] for s in team.shots}))


def cvat_subset_of_each_task(team: Team, rng: Rng) -> None:
    """No lists: each sequence was a task, and its annotations.xml says of which subset."""
    team.drop_labels()
    team.drop_lists()
    for shots, split in zip(team.sequences, ("val", "test", "train"), strict=True):
        text = writers.cvat_images_xml(shots).replace("<mode>", f"<subset>{SUBSETS[split]}</subset><mode>")
        team.write(f"{shots[0].sequence}/annotations.xml", text)
        for shot in shots:
            shot.split = split


def cvat_subsets_beside_lists(team: Team, rng: Rng) -> None:
    """The subsets were chosen long before the lists were written: the lists count."""
    team.drop_labels()
    team.write(
        "annotations.xml", _with_subsets(team.shots, {s.number: rng.choice([*SUBSETS.values()]) for s in team.shots})
    )


def cvat_subset_of_everything(team: Team, rng: Rng) -> None:
    """Everything is of the subset `Train`, which says nothing: a split is made."""
    team.drop_labels()
    team.drop_lists()
    team.write("annotations.xml", _with_subsets(team.shots, dict.fromkeys([s.number for s in team.shots], "Train")))
    for shot in team.shots:
        shot.split = ""
    team.expect("no split was handed in")


def cvat_file_of_each_split(team: Team, rng: Rng) -> None:
    """train.xml, val.xml, test.xml: Datumaro's CVAT export."""
    team.drop_labels()
    team.drop_lists()
    for split in SUBSETS:
        shots = [s for s in team.shots if s.split == split]
        team.write(f"{split}.xml", writers.cvat_images_xml(shots, None, lambda s: f"{s.sequence}/{s.path.name}"))
