"""Labels read once, before lanes start: so that eight of them neither read the same files at once nor wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from labtools.core.progress import Tick, silent
from labtools.yolo.engine import keep_label_caches, ultralytics


def build_label_caches(data: Path, splits: Sequence[str] = ("train", "val", "test"), tick: Tick = silent) -> list[str]:
    """Have Ultralytics read every image's header and label, and keep what it found in labtools' cache folder.

    Trainings look there first (see `labtools.yolo.engine.keep_label_caches`); what is there already takes a moment.

    Args:
        data: the dataset's YAML.
        splits: to read; those that the dataset has not are passed over.
        tick: told how many images have been read.

    Returns:
        what Ultralytics complained about, one line each: images or labels that it will leave out.
    """
    ultralytics()
    keep_label_caches()
    from ultralytics.data.utils import check_det_dataset

    described = check_det_dataset(str(data), autodownload=False)
    return [line for split in splits if described.get(split) for line in _build(described, split, tick)]


def _build(described: dict[str, Any], split: str, tick: Tick) -> list[str]:
    from ultralytics.cfg import get_cfg
    from ultralytics.data import dataset

    module: Any = dataset

    class Bar:
        """Stands in for Ultralytics' progress bar."""

        desc = ""

        def __init__(self, items: Any, total: int = 0, **_: Any) -> None:
            self._items, self._total = items, total

        def __iter__(self) -> Iterator[Any]:
            for index, item in enumerate(self._items, start=1):
                yield item
                tick(f"labels of {split}", index, self._total)

        def close(self) -> None:
            return None

    complaints: list[str] = []

    class Dataset(dataset.YOLODataset):
        def cache_labels(self, path: Path = Path("labels.cache")) -> dict[str, Any]:
            found = super().cache_labels(path)
            complaints.extend(found["msgs"])
            return found

    bar, module.TQDM = module.TQDM, Bar
    try:
        Dataset(img_path=described[split], data=described, task="detect", augment=False, hyp=get_cfg())
    finally:
        module.TQDM = bar
    return complaints
