"""What several commands show alike."""

from __future__ import annotations

import codecs
import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """One JSON object as the last line of stdout, for programs. Where stdout has not all letters, escaped ones."""
    is_utf8 = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_utf8, allow_nan=False) + "\n")
    sys.stdout.flush()
