"""What the teams of the simulated cohort film: each class has habits that its numbers will later show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from labtools.demo.simulate import Actor, Colour, Frame, random_actor, simulate_clip

WH = (192, 144)
"""Width and height of every frame, pixels: small, so that a CPU trains on it in seconds."""

SEQUENCES = 8
FRAMES_OF_A_SEQUENCE = 4
"""Few neighbouring frames of many takes: a CPU learns more from a new background than from the same one again."""


@dataclass(frozen=True)
class Habit:
    """How a class is filmed.

    Attributes:
        colours: BGR colours its objects come in; empty for any.
        radius: range relative to the picture's shorter side.
        centred: annotated "always in the middle", the classic of a first video.
        count: range of objects in a picture, inclusive.
    """

    colours: tuple[Colour, ...]
    radius: tuple[float, float]
    centred: bool = False
    count: tuple[int, int] = (1, 3)


HABITS: dict[str, Habit] = {
    "ballon": Habit((), (0.12, 0.24)),
    "ecocup": Habit(((40, 120, 220), (60, 160, 60), (200, 90, 40)), (0.14, 0.24)),
    "feuille": Habit(((50, 140, 60), (40, 110, 140)), (0.14, 0.24)),
    "cadran": Habit(((40, 40, 60), (30, 60, 150)), (0.14, 0.22), centred=True, count=(1, 1)),
    "telephone": Habit(((40, 40, 40), (90, 80, 70)), (0.08, 0.14)),
    "coeur": Habit(((60, 40, 210), (150, 100, 230)), (0.1, 0.2)),
}
"""Class name -> how its teams film it; the order gives the class ids."""


def film_sequence(rng: np.random.Generator, kind: str, guests: tuple[str, ...] = ()) -> list[Frame]:
    """One take of a team: objects of its class, and perhaps guests of another team's class."""
    habit = HABITS[kind]
    cast = [_actor(rng, kind, habit) for _ in range(int(rng.integers(habit.count[0], habit.count[1] + 1)))]
    cast += [_actor(rng, guest, HABITS[guest]) for guest in guests]
    return list(simulate_clip(rng, WH, FRAMES_OF_A_SEQUENCE, cast))


def film_everything(rng: np.random.Generator, frames: int, wh: tuple[int, int]) -> Iterator[Frame]:
    """A longer take with an object of every class, for `labtools detect`."""
    cast = [_actor(rng, kind, habit, wh) for kind, habit in HABITS.items()]
    # Longer and smoother than a sequence: half the pace, and small enough to leave room for six.
    slow = [replace(a, radius=a.radius * 0.8, velocity=(a.velocity[0] / 2, a.velocity[1] / 2)) for a in cast]
    yield from simulate_clip(rng, wh, frames, slow)


def _actor(rng: np.random.Generator, kind: str, habit: Habit, wh: tuple[int, int] = WH) -> Actor:
    colour = habit.colours[int(rng.integers(len(habit.colours)))] if habit.colours else None
    actor = random_actor(rng, kind, wh, colour, habit.radius)
    if habit.centred and wh == WH:
        actor = replace(actor, centre=(wh[0] / 2, wh[1] / 2), velocity=(actor.velocity[0] / 4, actor.velocity[1] / 4))
    return actor
