"""The one room that imports ultralytics: train, predict, detect, measure; its surprises are named and handled here.

Ultralytics acts when it is imported (it reads environment variables, writes a settings file into the home folder,
sets OMP_NUM_THREADS), so `engine` imports it on first use, prepared, and no file imports it at its top.
"""

from labtools.artifacts.weights import find_weights
from labtools.yolo.detector import Detections, Detector
from labtools.yolo.measuring import ModelInfo, PassResult, PrecisionRecall, model_info, precision_recall, predict_split
from labtools.yolo.training import Epoch, TrainOutcome, is_out_of_memory, train, training_arguments

__all__ = [
    "Detections",
    "Detector",
    "Epoch",
    "ModelInfo",
    "PassResult",
    "PrecisionRecall",
    "TrainOutcome",
    "find_weights",
    "is_out_of_memory",
    "model_info",
    "precision_recall",
    "predict_split",
    "train",
    "training_arguments",
]
