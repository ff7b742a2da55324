"""What only Ultralytics can tell about weights, arguments and labels: asked once, in a process of its own, and kept.

The answers lie in labtools' cache folder under what they depend on (a checkpoint's path, size and time of change, the
version of Ultralytics), so the second ``--dry-run`` starts no such process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from labtools.artifacts.runs import list_runs
from labtools.artifacts.weights import cache_folder
from labtools.core.errors import LabError
from labtools.core.files import hash_bytes, read_json, write_json
from labtools.core.progress import Tick, silent
from labtools.train.estimates import Network

_LAYOUT = 3  # of what is kept, and of what is asked of arguments; another number forgets all of it


@dataclass(frozen=True)
class Measured:
    """A network that was opened and measured; see `labtools.yolo.networks.NetworkCost`.

    Attributes:
        layers: parameters, GFLOPs and kept bytes of each, at 640 px.
        stride: image sizes are multiples of it.
    """

    layers: tuple[tuple[int, float, int], ...]
    stride: int

    def network(self, freeze: int | None) -> Network:
        """Its cost when the first ``freeze`` layers do not learn."""
        learning = self.layers[freeze or 0 :]
        return Network(
            parameters=sum(parameters for parameters, _, _ in self.layers),
            gflops=sum(gflops for _, gflops, _ in self.layers),
            trained_parameters=sum(parameters for parameters, _, _ in learning),
            trained_gflops=sum(gflops for _, gflops, _ in learning),
            kept_bytes=sum(kept for _, _, kept in learning),
        )


class Trouble(NamedTuple):
    """What is wrong with an argument, and what to do."""

    what: str
    fix: str


@dataclass(frozen=True)
class Looked:
    """What was found out about a matrix.

    Attributes:
        troubles: for each argument that was asked about, None where it is fine.
        usual: each of these arguments that there is -> the value that it has where none is given.
        networks: every checkpoint that was asked about.
    """

    troubles: tuple[Trouble | None, ...]
    usual: Mapping[str, Any]
    networks: Mapping[Path, Measured]


def look(arguments: Sequence[tuple[str, Any]], weights: Sequence[Path], tick: Tick = silent) -> Looked:
    """Have Ultralytics check training arguments (names with values), and open each checkpoint for real.

    Raises:
        LabError: of the first checkpoint that cannot be trained to detect, unless an argument is wrong, too.
    """
    asked = [_Question("arguments", _mark("argument", *pair), pair) for pair in arguments]
    opened = [_Question("weights", _mark("network", str(path), *_stamp(path)), str(path)) for path in weights]
    answers = _ask([*asked, *opened], tick)
    said = [answers[question.mark] for question in asked]
    troubles = tuple(Trouble(*answer["argument"]) if answer["argument"] else None for answer in said)
    usual = {name: answer["usual"] for (name, _), answer in zip(arguments, said, strict=True) if "usual" in answer}
    refused = [answers[question.mark]["trouble"] for question in opened if "trouble" in answers[question.mark]]
    if refused and not any(troubles):
        raise LabError(*refused[0])
    found = {} if refused else {p: _measured(answers[q.mark]["network"]) for p, q in zip(weights, opened, strict=True)}
    return Looked(troubles, usual, found)


def _measured(answer: Mapping[str, Any]) -> Measured:
    layers = ((layer["parameters"], layer["gflops"], layer["kept_bytes"]) for layer in answer["layers"])
    return Measured(tuple(layers), answer["stride"])


def build_label_caches(root: Path, tick: Tick = silent) -> list[str]:
    """Have this machine read the labels of a matrix's dataset once, so that no lane has to or gets in another's way.

    The next time that the dataset is the same, this takes no time.

    Args:
        root: the matrix's folder, its runs written.
        tick: told how many images have been read.

    Returns:
        images and labels that Ultralytics will leave out, a line each.
    """
    open_runs = [run.spec for run in list_runs(root) if not run.is_done]
    complaints: list[str] = []
    for data, fingerprint in sorted({(spec.data, spec.fingerprint) for spec in open_runs}):
        about = Path(data).parent / "dataset.json"
        if about.is_file():  # else it is of a stale run, and gone
            question = _Question("data", _mark("labels", data, fingerprint, *_stamp(about)), data)
            complaints += _ask([question], tick)[question.mark]["complaints"]
    return complaints


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns


def _mark(*facts: Any) -> str:
    """The name under which an answer is kept."""
    return hash_bytes(json.dumps([_LAYOUT, version("ultralytics"), *facts], default=str).encode("utf-8"))


class _Question(NamedTuple):
    """One entry of a job for `labtools.yolo.ahead`, and the name under which its answer is kept."""

    kind: str
    mark: str
    content: Any


def _ask(questions: Sequence[_Question], tick: Tick) -> dict[str, dict[str, Any]]:
    """Mark -> answer, from what is kept where possible."""
    folder = cache_folder() / "ahead"
    known = {q.mark: answer for q in questions if (answer := _read(folder / f"{q.mark}.json")) is not None}
    new = list({q.mark: q for q in questions if q.mark not in known}.values())
    if new:
        job = {kind: [q.content for q in new if q.kind == kind] for kind in dict.fromkeys(q.kind for q in new)}
        for question, answer in zip(new, _answers(job, tick), strict=True):
            known[question.mark] = answer
            if "trouble" not in answer:  # a checkpoint may be mended by what no stamp shows
                write_json(folder / f"{question.mark}.json", answer)
    return known


def _read(path: Path) -> dict[str, Any] | None:
    try:
        answer = read_json(path)
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _answers(job: dict[str, Any], tick: Tick) -> list[dict[str, Any]]:
    """What `labtools.yolo.ahead` answers to a job."""
    # No GPU: whoever plans must not sit on a card that lanes need. No pytest: Ultralytics behaves otherwise with it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["CUDA_VISIBLE_DEVICES"] = ""
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as errors:
        asked.write(json.dumps(job).encode("utf-8"))  # a file, not a pipe: one that crashes at once breaks a pipe
        asked.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-m", "labtools.yolo.ahead"],
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        with _ended(child) as stdout:
            answers = list(_without_ticks(stdout, tick))
        if child.returncode != 0:
            raise _crashed(job, child.returncode, errors)
    return answers


@contextmanager
def _ended(child: subprocess.Popen[str]) -> Iterator[IO[str]]:
    """What it prints; the process ends with the block, also when that is left by Ctrl-C."""
    with cast("IO[str]", child.stdout) as stdout:
        try:
            yield stdout
            child.wait()
        finally:
            child.kill()
            child.wait()


def _without_ticks(lines: IO[str], tick: Tick) -> Iterator[dict[str, Any]]:
    for line in lines:
        if not line.endswith("\n"):
            return  # torn by the end of whoever wrote it
        answer = json.loads(line)
        if "tick" in answer:
            tick(*answer["tick"])
        else:
            yield answer


def _crashed(job: dict[str, Any], code: int, errors: IO[bytes]) -> LabError:
    errors.seek(0)
    said = errors.read().decode("utf-8", "replace").strip().splitlines() or [f"exit code {code}"]
    where = ", ".join(map(str, job.get("weights") or job.get("data") or ()))
    return LabError(f"Ultralytics could not be asked about this: {said[-1]}", where, "Mend what this says first.")
