"""The detections table that `labtools detect` writes: one row per box and frame, plain CSV."""

from __future__ import annotations

COLUMNS = (
    "source",  # the video or image: its path below the folder or list, else its file name
    "frame",  # 0-based index in the video; 0 for an image
    "time_s",  # presentation time, seconds; 0 for an image
    "class_id",
    "class_name",
    "conf",  # 0..1
    "x1", "y1", "x2", "y2",  # xyxy, pixels of the source
)  # fmt: skip
