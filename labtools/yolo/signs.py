"""What the errors of torch and Ultralytics mean, read from their words: most are a RuntimeError."""

from __future__ import annotations

# CUDNN_STATUS_INTERNAL_ERROR and the next are what a full GPU says when a library of NVIDIA's asks for memory itself;
# Ultralytics reads them so too. The last is torch on a CPU.
_MEMORY = (
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",
    "unable to find an engine",
    "DefaultCPUAllocator: can't allocate memory",
)
_GPU = (
    "CUDA error",
    "CUDA driver",
    "CUDA-capable device",
    "No CUDA GPUs are available",
    "Invalid CUDA 'device=",
    "uncorrectable ECC",
    "NVML",
    "CUDNN_STATUS",
    "CUBLAS_STATUS",
    "cuDNN error",
)
_LOADER = ("DataLoader worker", "unable to open shared memory object", "unable to allocate shared memory")
_FULL_DISK = ("PytorchStreamWriter", "No space left on device", "Disk quota exceeded")
_NO_NUMBER = ("NaN persisted", "Loss NaN/Inf detected", "Fitness NaN/Inf detected", "corrupted with NaN/Inf weights")
_LOST_DATA = (
    "Image Not Found",
    "Error loading data from",
    "No valid images found",
    "No images found in",
    "Dataset '",
    "Stale file handle",
    "Input/output error",
    "Transport endpoint is not connected",
)


class NotANumber(RuntimeError):  # noqa: N818 - that is what it is called
    """The training diverged: its weights are NaN or infinite."""


def is_out_of_memory(error: BaseException) -> bool:
    """Is the memory of the device (the GPU's; torch's own on a CPU) too small?"""
    return isinstance(error, RuntimeError) and _has(error, _MEMORY) and "device-side assert" not in str(error)


def is_gpu_trouble(error: BaseException) -> bool:
    """Does the GPU or its driver not work? A failed assertion of a kernel is no such thing: its input was wrong."""
    text = str(error)
    return _has(error, _GPU) and "device-side assert" not in text and not is_out_of_memory(error)


def is_loader_trouble(error: BaseException) -> bool:
    """Did a process that reads images die, or find no shared memory?"""
    return isinstance(error, RuntimeError) and _has(error, _LOADER)


def is_not_a_number(error: BaseException) -> bool:
    """Is the loss or are the weights no number any more?"""
    return isinstance(error, NotANumber) or (isinstance(error, RuntimeError) and _has(error, _NO_NUMBER))


def is_full_disk(error: BaseException) -> bool:
    """In words, for errors that carry no errno: torch's, and those of another process."""
    return _has(error, _FULL_DISK)


def is_lost_data(error: BaseException) -> bool:
    """Can the dataset, or a file of it, not be read?"""
    return _has(error, _LOST_DATA)


def _has(error: BaseException, signs: tuple[str, ...]) -> bool:
    text = str(error)
    return any(sign in text for sign in signs)
