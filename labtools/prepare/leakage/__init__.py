"""How near every val and test picture is to what the network learns from: by time, and by look.

`analyse` is the whole of it: columns of all pictures in, rows of two tables and findings out. `compare` is the same,
with a memory.
"""

from __future__ import annotations

from labtools.prepare.leakage.columns import Columns
from labtools.prepare.leakage.compared import Compared, compare
from labtools.prepare.leakage.table import Leakage, analyse

__all__ = ["Columns", "Compared", "Leakage", "analyse", "compare"]
