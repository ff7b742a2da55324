"""The one room that imports ultralytics: train, predict, detect, measure; its surprises are named and handled here.

Ultralytics acts when it is imported (it reads environment variables, writes a settings file into the home folder,
sets OMP_NUM_THREADS), so `engine` imports it on first use, prepared, and no file imports it at its top.
"""

from labtools.artifacts.weights import find_weights
from labtools.yolo.detector import Detections, Detector
from labtools.yolo.measuring import ModelInfo, PassResult, PrecisionRecall, model_info, precision_recall, predict_split
from labtools.yolo.signs import (
    NotANumber,
    is_full_disk,
    is_gpu_trouble,
    is_loader_trouble,
    is_lost_data,
    is_not_a_number,
    is_out_of_memory,
)
from labtools.yolo.trainer import Resume, UnusableCheckpoint, read_training_state
from labtools.yolo.training import (
    Epoch,
    Fit,
    Saved,
    Start,
    TrainOutcome,
    gpu_bytes,
    gpu_name_and_bytes,
    train,
)

__all__ = [
    "Detections",
    "Detector",
    "Epoch",
    "Fit",
    "ModelInfo",
    "NotANumber",
    "PassResult",
    "PrecisionRecall",
    "Resume",
    "Saved",
    "Start",
    "TrainOutcome",
    "UnusableCheckpoint",
    "find_weights",
    "gpu_bytes",
    "gpu_name_and_bytes",
    "is_full_disk",
    "is_gpu_trouble",
    "is_loader_trouble",
    "is_lost_data",
    "is_not_a_number",
    "is_out_of_memory",
    "model_info",
    "precision_recall",
    "predict_split",
    "read_training_state",
    "train",
]
