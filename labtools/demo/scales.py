"""The demo's two network sizes: YOLOv8 with fewer and narrower layers, so that a CPU trains them in seconds.

They are scales of Ultralytics' own ``yolov8.yaml``, below its n (depth 0.33, width 0.25): only these three numbers
differ, so freezing ten layers, image sizes and everything said of a run mean the same as for yolov8n.
"""

from __future__ import annotations

from pathlib import Path

from labtools.core.files import write_text

SCALES: dict[str, tuple[float, float, int]] = {
    "yolov8p": (0.33, 0.125, 512),  # "pico": 0.61 M parameters with six classes
    "yolov8f": (0.33, 0.0625, 512),  # "femto": 0.27 M
}
"""Model name -> depth multiple, width multiple, most channels."""

WEIGHTS = Path(__file__).parent / "weights"
"""Checkpoints pretrained on simulated shapes, one per scale, made by ``scripts/pretrain_demo.py``."""

_LAYERS = """\
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 1, Conv, [128, 3, 2]]
  - [-1, 3, C2f, [128, True]]
  - [-1, 1, Conv, [256, 3, 2]]
  - [-1, 6, C2f, [256, True]]
  - [-1, 1, Conv, [512, 3, 2]]
  - [-1, 6, C2f, [512, True]]
  - [-1, 1, Conv, [1024, 3, 2]]
  - [-1, 3, C2f, [1024, True]]
  - [-1, 1, SPPF, [1024, 5]]
head:
  - [-1, 1, nn.Upsample, [None, 2, nearest]]
  - [[-1, 6], 1, Concat, [1]]
  - [-1, 3, C2f, [512]]
  - [-1, 1, nn.Upsample, [None, 2, nearest]]
  - [[-1, 4], 1, Concat, [1]]
  - [-1, 3, C2f, [256]]
  - [-1, 1, Conv, [256, 3, 2]]
  - [[-1, 12], 1, Concat, [1]]
  - [-1, 3, C2f, [512]]
  - [-1, 1, Conv, [512, 3, 2]]
  - [[-1, 9], 1, Concat, [1]]
  - [-1, 3, C2f, [1024]]
  - [[15, 18, 21], 1, Detect, [nc]]
"""


def write_scale(model: str, folder: Path) -> Path:
    """Write the model YAML of one of `SCALES` and return its path.

    The file is called ``yolov8.yaml``-like with the scale's letter in place, as Ultralytics reads the scale from
    the name; ``scale:`` says it as well.
    """
    depth, width, channels = SCALES[model]
    letter = model[-1]
    path = folder / f"{model}.yaml"
    write_text(path, f"nc: 80\nscale: {letter}\nscales:\n  {letter}: [{depth}, {width}, {channels}]\n{_LAYERS}")
    return path
