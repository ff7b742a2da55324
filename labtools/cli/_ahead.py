"""Work that begins before the line that was typed is understood."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labtools.prepare.sources.scout import Scout


def sent_ahead(typed: Sequence[str]) -> AbstractContextManager[Scout | None]:
    """For ``labtools prepare FOLDER ...`` somebody who lists the folder meanwhile: to take such a line apart, typer
    imports for a tenth of a second, and the second core has nothing to do. Nobody, where the folder stands elsewhere.

    Args:
        typed: the words after ``labtools``.
    """
    if not typed or typed[0] != "prepare":
        return nullcontext()
    _spare_threads()
    if len(typed) < 2 or not os.path.isdir(typed[1]):  # noqa: PTH112  of any text
        return nullcontext()
    from labtools.prepare.sources.scout import Scout

    return Scout(str(Path(typed[1])))


def _spare_threads() -> None:
    """NumPy's OpenBLAS starts a thread per core when it is imported, and each turns in a loop for a while, waiting for
    a product: 60 ms of a core that has other things to do. Here are no products large enough to be shared."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
