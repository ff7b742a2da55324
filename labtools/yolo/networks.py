"""What a network costs, layer by layer: measured on a forward pass, so any checkpoint or model YAML has figures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from labtools.core.errors import LabError
from labtools.yolo.engine import load_model

_SIDE = 128  # pixels of the pass: a multiple of every stride, and half a second for the largest network
_PUBLISHED_SIDE = 640


@dataclass(frozen=True)
class LayerCost:
    """One layer, as ``freeze`` counts them. Per image of 640 x 640 pixels.

    Attributes:
        parameters: numbers in it.
        gflops: of a forward pass (a multiplication and an addition are two).
        kept_bytes: what training keeps of it for the backward pass, in 32 bit.
    """

    parameters: int
    gflops: float
    kept_bytes: int


@dataclass(frozen=True)
class NetworkCost:
    """A network that can be trained to detect.

    Attributes:
        layers: from the image to the head.
        stride: of the coarsest of its outputs, pixels: image sizes are multiples of it.
    """

    layers: tuple[LayerCost, ...]
    stride: int


def measure_network(weights: Path) -> NetworkCost:
    """Open a checkpoint or model YAML for real and measure it on the CPU.

    Raises:
        LabError: it cannot be opened, or does something else than detect.
    """
    model = load_model(weights)
    network = model.model
    _require_detection(network, weights)
    network.float().requires_grad_(True)  # a checkpoint remembers none of it; training sets it just so
    scale = (_PUBLISHED_SIDE / _SIDE) ** 2
    kept = [size * scale for size in _kept_bytes(network)]
    flops = _flops(network)
    layers = tuple(
        LayerCost(sum(p.numel() for p in layer.parameters()), flops[i] * scale / 1e9, int(kept[i]))
        for i, layer in enumerate(network.model)
    )
    return NetworkCost(layers, int(max(network.stride)))


def _require_detection(network: Any, weights: Path) -> None:
    import torch
    from ultralytics.nn.tasks import guess_model_task

    if not isinstance(network, torch.nn.Module):
        raise LabError("this file is no network that can be trained", weights, "Give a .pt file or a model YAML.")
    task = guess_model_task(getattr(network, "yaml", None) or network)  # the former also knows a head built as another
    if task != "detect":
        fix = f"Take a network for detection, e.g. {weights.stem.split('-')[0]}{weights.suffix}."
        raise LabError(f"this network does not detect: its task is {task}", weights, fix)


def _image() -> Any:
    import torch

    return torch.zeros(1, 3, _SIDE, _SIDE)


def _flops(network: Any) -> list[float]:
    """Of a forward pass, by layer."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    network.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(_image())
    counts = {name: sum(by_kind.values()) for name, by_kind in counter.get_flop_counts().items()}
    whole = type(network).__name__
    return [float(counts.get(f"{whole}.model.{index}", 0)) for index in range(len(network.model))]


def _kept_bytes(network: Any) -> list[int]:
    """Of the tensors that autograd keeps for the backward pass, each storage once, by layer; parameters left out."""
    import torch

    storages: dict[int, Any] = {}  # held, so that no address is used twice
    marks = [0]
    size = [0]

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if not isinstance(tensor, torch.nn.Parameter) and storage.data_ptr() not in storages:
            storages[storage.data_ptr()] = tensor
            size[0] += storage.nbytes()
        return tensor

    hooks = [layer.register_forward_hook(lambda *_: marks.append(size[0])) for layer in network.model]
    network.train()
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        network(_image())
    for hook in hooks:
        hook.remove()
    return [after - before for before, after in pairwise(marks)]
