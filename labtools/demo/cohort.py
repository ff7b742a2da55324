"""The simulated cohort: twelve teams, six classes, twelve kinds of mess, always the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from labtools.core.files import write_text
from labtools.core.progress import Tick
from labtools.demo import mess
from labtools.demo.film import SEQUENCES, film_everything, film_sequence
from labtools.demo.handing_in import Team, hand_in


@dataclass(frozen=True)
class Plan:
    """A team to be: its class, its name, what goes wrong, and whose objects stray into its pictures."""

    class_name: str
    team: str
    spoil: Callable[[Team], None]
    guests: tuple[str, ...] = ()


COHORT = (
    Plan("ballon", "tic_et_tac", mess.notepad_lists),
    Plan("ballon", "les_pixels", mess.windows_paths),
    Plan("ecocup", "gobelets", mess.cvat_zips),
    Plan("ecocup", "les_ecolos", mess.stray_names),
    Plan("feuille", "chlorophylle", mess.french_numbers),
    Plan("feuille", "automne", mess.pascal_voc),
    Plan("cadran", "horlogers", mess.coco_json),
    Plan("cadran", "minuit", mess.no_lists),
    Plan("telephone", "allo", mess.muddled_lists),
    Plan("telephone", "batterie_faible", mess.broken_upload),
    Plan("coeur", "palpitants", mess.careless_boxes),
    Plan("coeur", "saint_valentin", mess.two_classes, guests=("ballon",)),
)

_VIDEO_WH = (320, 240)
_VIDEO_FPS = 25


def write_cohort(folder: Path, seed: int, tick: Tick) -> None:
    """Film and hand in every team of `COHORT` below ``folder``, which must not exist yet."""
    lines = ["# A simulated cohort\n", "What arrived, team by team:\n"]
    for index, plan in enumerate(COHORT):
        rng = np.random.default_rng([seed, index])
        takes = {n: film_sequence(rng, plan.class_name, plan.guests) for n in range(1, SEQUENCES + 1)}
        team = Team(plan.class_name, folder / plan.class_name / plan.team, takes)
        hand_in(team)
        plan.spoil(team)
        lines.append(f"- {plan.class_name}/{plan.team}: {(plan.spoil.__doc__ or '').strip()}")
        tick("film the cohort", index + 1, len(COHORT))
    write_text(folder / "README.md", "\n".join(lines) + "\n")


def write_video(path: Path, seed: int, seconds: float) -> None:
    """A new video with an object of every class, H.264 at 25 frames per second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, len(COHORT)])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(_VIDEO_FPS))
        stream.width, stream.height = _VIDEO_WH
        stream.pix_fmt = "yuv420p"
        for frame in film_everything(rng, round(seconds * _VIDEO_FPS), _VIDEO_WH):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.image, format="bgr24")))
        container.mux(stream.encode())
