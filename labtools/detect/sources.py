"""What to look at: one SOURCE that a user types -> the videos and images that it means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labtools.core.errors import LabError

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".heic", ".avif"})
VIDEOS = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".3gp", ".ts", ".gif"})
LISTS = frozenset({".txt"})
_WRITABLE_IMAGES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True)
class Item:
    """One file to look at.

    Attributes:
        path: where it is.
        name: how tables call it: its path below the source, with forward slashes.
        output: file name (with folders) of its annotated copy below the output folder.
    """

    path: Path
    name: str
    output: str

    @property
    def is_video(self) -> bool:
        return self.path.suffix.lower() in VIDEOS


@dataclass(frozen=True)
class Skip:
    """A file that was left out, and why."""

    name: str
    reason: str


def find_items(source: Path) -> tuple[list[Item], list[Skip]]:
    """The files that a source means: itself, those below a folder (by name), or those of a list (in its order).

    Raises:
        LabError: it does not exist, is of no known kind, or means no file at all.
    """
    if source.is_dir():
        found = sorted(p for p in source.rglob("*") if p.suffix.lower() in IMAGES | VIDEOS and p.is_file())
        if not found:
            raise LabError("there is no image or video in this folder", source, f"Known: {_listed(IMAGES | VIDEOS)}.")
        return _plan_outputs([(p, p.relative_to(source).as_posix()) for p in found]), []
    if not source.is_file():
        raise LabError(
            "this source does not exist", source, "Give a video, an image, a folder, or a text list of paths."
        )
    suffix = source.suffix.lower()
    if suffix in LISTS:
        return _read_list(source)
    if suffix in IMAGES | VIDEOS:
        return _plan_outputs([(source, source.name)]), []
    raise LabError(
        f"{suffix or 'a file without a suffix'} is neither image, video nor list",
        source,
        f"Known: {_listed(IMAGES | VIDEOS | LISTS)}.",
    )


def _listed(suffixes: frozenset[str]) -> str:
    return " ".join(sorted(suffixes))


def _read_list(path: Path) -> tuple[list[Item], list[Skip]]:
    """The paths of a list, one a line, relative to the list's folder (as in a dataset's test.txt) or to here."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise LabError("this list is not UTF-8 text", path, "Save it as UTF-8.") from None
    pairs: list[tuple[Path, str]] = []
    skips: list[Skip] = []
    for line in filter(None, lines):
        target = _find_listed(line, path.parent)
        if target is None:
            skips.append(Skip(line, "there is no such file"))
        elif target.suffix.lower() not in IMAGES | VIDEOS:
            skips.append(Skip(line, "neither an image nor a video"))
        else:
            pairs.append((target, _name_below(target, path.parent)))
    if not pairs:
        raise LabError(
            f"no line of this list leads to an image or video ({len(skips)} tried)",
            path,
            "Write one path a line, relative to the list's folder or absolute.",
        )
    return _plan_outputs(pairs), skips


def _find_listed(line: str, folder: Path) -> Path | None:
    """Lists made on Windows are read on Linux too: a backslash is tried as a slash."""
    for text in (line, line.replace("\\", "/")):
        for candidate in (folder / text, Path(text)):
            if candidate.is_file():
                return candidate
    return None


def _name_below(path: Path, folder: Path) -> str:
    """The path below a folder; only the file name where it lies elsewhere, so that no output leaves its folder."""
    resolved, base = path.resolve(), folder.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else path.name


def _plan_outputs(pairs: list[tuple[Path, str]]) -> list[Item]:
    """Give each file an output of a kind that browsers show, all different (also where case does not count)."""
    taken: set[str] = set()
    items = []
    for path, name in pairs:
        stem, suffix = name[: len(name) - len(path.suffix)], path.suffix.lower()
        new = ".mp4" if suffix in VIDEOS else suffix if suffix in _WRITABLE_IMAGES else ".jpg"
        choices = [stem + new, name + new, *(f"{stem}-{n}{new}" for n in range(2, len(pairs) + 2))]
        output = next(choice for choice in choices if choice.casefold() not in taken)
        taken.add(output.casefold())
        items.append(Item(path, name, output))
    return items
