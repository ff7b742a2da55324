"""Where the page of a class or team lies: names that people typed as safe, unique file names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labtools.core.errors import LabError
from labtools.core.names import folder_name, slug


def page_paths(kind: str, names: Iterable[str]) -> dict[str, str]:
    """name -> ``pages/<kind>-<slug>.html``; names with one slug are numbered, in the order given."""
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = base = f"{kind}-{folder_name(name)[:60]}"
        number = 2
        while stem in taken:
            stem, number = f"{base}-{number}", number + 1
        taken.add(stem)
        paths[name] = f"pages/{stem}.html"
    return paths


def stem_of(path: str) -> str:
    """``pages/class-ballon.html`` -> ``class-ballon``: the prefix of the page's figures."""
    return path.rpartition("/")[2].removesuffix(".html")


def choose(kind: str, asked: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The names meant by what was typed, accents, case and blanks aside.

    Raises:
        LabError: nobody has such a name; lists those there are.
    """
    by_slug = {slug(name): name for name in reversed(known)}
    chosen = []
    for name in asked:
        if slug(name) not in by_slug:
            listed = ", ".join(known) if known else "none"
            plural = "classes" if kind == "class" else f"{kind}s"
            raise LabError(f"there is no {kind} {name!r}", None, f"The {plural} here are: {listed}.")
        chosen.append(by_slug[slug(name)])
    return tuple(dict.fromkeys(chosen))
