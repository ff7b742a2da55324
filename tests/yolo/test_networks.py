"""What a network costs is what its authors published, and what autograd really keeps."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
import torch

from labtools.demo.scales import WEIGHTS
from labtools.yolo.networks import measure_network

PUBLISHED = [  # docs.ultralytics.com/models: GFLOPs at 640 px, millions of parameters
    ("v8/yolov8.yaml", "yolov8n.yaml", 8.7, 3.2),
    ("11/yolo11.yaml", "yolo11s.yaml", 21.5, 9.4),
]


@pytest.mark.parametrize(("source", "name", "gflops", "millions"), PUBLISHED)
def test_any_family_is_measured_as_published(
    tmp_path: Path, source: str, name: str, gflops: float, millions: float
) -> None:
    package = importlib.util.find_spec("ultralytics")
    assert package is not None and package.origin is not None
    shutil.copy(Path(package.origin).parent / "cfg" / "models" / source, tmp_path / name)
    cost = measure_network(tmp_path / name)
    assert sum(layer.gflops for layer in cost.layers) == pytest.approx(gflops, rel=0.01)
    assert sum(layer.parameters for layer in cost.layers) / 1e6 == pytest.approx(millions, rel=0.02)
    assert cost.stride == 32


def test_layers_are_those_that_freeze_counts() -> None:
    cost = measure_network(WEIGHTS / "yolov8f.pt")
    assert len(cost.layers) == 23, "YOLOv8's model.0 ... model.22"
    upsampling = cost.layers[10]
    assert (upsampling.parameters, upsampling.gflops) == (0, 0)


def test_kept_bytes_are_those_of_the_tensors_that_a_backward_pass_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: a convolution keeps its input; the batch norm after it that convolution's output, and four
    numbers per channel (this mean and deviation, the moving ones); SiLU its own input, the batch norm's output."""
    from labtools.yolo import networks

    class Toy(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            norm, silu = torch.nn.BatchNorm2d(8), torch.nn.SiLU()
            self.model = torch.nn.Sequential(
                torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, 2, 1, bias=False), norm, silu), torch.nn.Conv2d(8, 4, 1)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.model(x)
            return out

    side = networks._SIDE
    image, half = 4 * 3 * side**2, 4 * 8 * (side // 2) ** 2
    first, second = networks._kept_bytes(Toy())
    assert first == image + half + 4 * 4 * 8 + half
    assert second == half, "the activation's output; what lies in two layers counts once"
