"""The picture for slides: its size, its colours, and no text that leaves its cell."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from labtools.train.runqueue import claims
from labtools.train.status import picture
from labtools.train.status.grid import read_grid

Make = Callable[..., Any]


@pytest.mark.parametrize(("models", "batches"), [("n", (8,)), ("nsml", (8,)), ("nsmlx", (8, 16, 32, 64))])
def test_every_word_is_inside(make_run: Make, train: Make, root: Path, models: str, batches: tuple[int, ...]) -> None:
    for model in models:
        for freeze in (None, 5, 10):
            for batch in batches:
                name = f"{model}{freeze}{batch}"
                folder = make_run(name, model=f"yolov8{model}", freeze=freeze, batch=batch, epochs=100)
                if freeze:
                    claims.write_done(folder, {"attempt": 1, "epochs": 100, "map50": 0.9, "map50_95": 0.7, "batch": 4})
                else:
                    train(folder, f"gpu{batch}", "lab1", epoch=100, epochs=100, map50=0.999, eta_s=80_000.0)
    figure = picture.figure_of(read_grid(root))
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    width, height = figure.canvas.get_width_height(physical=True)
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts if text.get_text()]
    assert len(boxes) > 10
    for box in boxes:
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height
    overlaps = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    assert overlaps == []


def test_it_is_a_sharp_png_in_the_colours_of_the_states(make_run: Make, root: Path) -> None:
    claims.write_done(make_run("a"), {"attempt": 1, "epochs": 4, "map50": 0.5, "map50_95": 0.4})
    make_run("b", imgsz=640)
    with Image.open(io.BytesIO(picture.draw_grid(read_grid(root)))) as image:
        assert image.width == 2560
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or ()}
    assert {(0xCD, 0xEB, 0xD6), (0xFA, 0xD9, 0xD3)} <= colours, "done is green, to do is red"
