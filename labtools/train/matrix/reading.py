"""matrix.yaml -> the checked model, with the line of every mistake."""

from __future__ import annotations

from pathlib import Path

from labtools.core.config import line_of, load_config, read_yaml
from labtools.core.errors import LabError
from labtools.train.matrix.combine import rule_mistakes
from labtools.train.matrix.config import MatrixConfig


def read_matrix(path: Path) -> MatrixConfig:
    """Read and check a matrix file: each value by itself, and whether its rules mean anything.

    Raises:
        LabError: as `labtools.core.config.load_config`; a rule that fits no run, with its line.
    """
    if not path.exists():
        fix = "Type this in the lab's folder, which holds configs/; or name the file: --matrix FILE."
        raise LabError("this matrix file does not exist", path.absolute(), fix)
    written = read_yaml(path)
    if isinstance(written, dict) and "args" in written:
        where = f"{path}:{line_of(path, ('args',))}"
        raise LabError("`args:` is called `defaults:` now", where, "Rename this line; the values stay as they are.")
    config = load_config(path, MatrixConfig)
    mistakes = rule_mistakes(config)
    if mistakes:
        lines = [line_of(path, mistake.place) for mistake in mistakes]
        said = "; ".join(f"{m.sentence} (line {line})" for m, line in zip(mistakes, lines, strict=True))
        raise LabError(said, f"{path}:{lines[0]}", mistakes[0].fix)
    return config
