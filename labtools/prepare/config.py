"""``configs/course.yaml``, checked: the classes of a year, how people write them, and how a missing split is made."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from labtools.core.config import Config
from labtools.core.names import slug
from labtools.core.visible import unsteered

# What an Ultralytics data YAML holds besides `names`: accepted, so that such a file can be passed as it is.
_ULTRALYTICS_KEYS = frozenset(
    {"path", "train", "val", "test", "minival", "validation", "nc", "download", "channels", "roboflow", "yaml_file"}
    | {"kpt_shape", "flip_idx", "kpt_names", "datasets"}
)

_SIGNS = re.compile(r"(?<=\w)[+#]+(?!\w)|(?<!\w)[+]+(?=\w)")  # C++, C#, A+; UNO's +2


def name_key(name: str) -> str:
    """What two writings of one class name have in common.

    >>> name_key("The Rock") == name_key("the-rock") == name_key("therock")
    True

    Signs count where they tell names apart: behind a word, before one, and where there is no word at all.

    >>> name_key("C++") == name_key("C"), name_key("+2") == name_key("2"), name_key("+") == name_key("-")
    (False, False, False)
    """
    name = unsteered(name)
    word = slug(name).replace("_", "")
    return word + "".join(_SIGNS.findall(name)) if word else " ".join(name.split())


class SplitPolicy(Config):
    """What happens where a team's own split says nothing or too much.

    Attributes:
        shares: the split made for a team that gave none, by whole sequences.
        seed: chooses which sequences go where.
        unlisted: an image that no list names, of a team that gave lists: left out, or put into that split.
        priority: an image that a team put into two splits stays in the first of these.
        gap: frames left out at each cut where a single video has to be cut into a made split; 0 loses none, but
            leaves neighbours 1/30 s apart on both sides.
    """

    shares: dict[str, float] = Field(default_factory=lambda: {"train": 0.6, "val": 0.2, "test": 0.2})
    seed: int = 0
    unlisted: Literal["leave out", "train", "val", "test"] = "leave out"
    priority: tuple[Literal["train", "val", "test"], ...] = ("test", "val", "train")
    gap: int = Field(default=0, ge=0)

    @field_validator("shares")
    @classmethod
    def _check_shares(cls, shares: dict[str, float]) -> dict[str, float]:
        if set(shares) - {"train", "val", "test"}:
            raise ValueError("name train, val and test")
        if any(share < 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:
            raise ValueError("the shares are not negative and add up to 1")
        return {split: shares.get(split, 0.0) for split in ("train", "val", "test")}

    @field_validator("priority")
    @classmethod
    def _check_priority(cls, priority: tuple[str, ...]) -> tuple[str, ...]:
        if sorted(priority) != ["test", "train", "val"]:
            raise ValueError("name train, val and test once each")
        return priority


class Limits(Config):
    """What an archive may hold. A bomb of a few kilobytes unpacks to terabytes; a ten-second video does not.

    Attributes:
        members: entries of one archive, those of the archives inside it included.
        member_mb: one unpacked member.
        total_mb: all that one archive unpacks to, the archives inside it included.
        ratio: unpacked / packed of one member over a megabyte (label text reaches about 10, a bomb 1000).
        depth: archives in archives; 1 reads none.
    """

    members: int = Field(default=200_000, ge=1)
    member_mb: int = Field(default=512, ge=1)
    total_mb: int = Field(default=32_768, ge=1)
    ratio: float = Field(default=200.0, gt=1)
    depth: int = Field(default=4, ge=1)


class CourseConfig(Config):
    """The course of one year.

    Attributes:
        names: class names in id order; given as a list or as ``{0: piercing, 1: ballon}``.
        aliases: other writings per class. A folder name under two classes is a folder that holds both.
        year: for titles, e.g. ``2023-2024``.
        language: of the sheets that students read.
        split: see `SplitPolicy`.
        limits: see `Limits`.
    """

    names: tuple[str, ...]
    aliases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    year: str = ""
    language: Literal["fr", "en"] = "en"
    split: SplitPolicy = Field(default_factory=SplitPolicy)
    limits: Limits = Field(default_factory=Limits)

    @model_validator(mode="before")
    @classmethod
    def _accept_ultralytics(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {k: v for k, v in data.items() if k not in _ULTRALYTICS_KEYS}
        return data

    @field_validator("year", mode="before")
    @classmethod
    def _year_as_text(cls, year: Any) -> Any:
        return str(year) if isinstance(year, int) else year

    @field_validator("names", mode="before")
    @classmethod
    def _names_in_order(cls, names: Any) -> Any:
        if isinstance(names, dict):
            if sorted(map(str, names)) != sorted(str(i) for i in range(len(names))):
                raise ValueError("the ids count from 0 without a gap, e.g. `0: piercing`")
            by_id = {int(k): v for k, v in names.items()}
            names = [by_id[i] for i in range(len(by_id))]
        if isinstance(names, list):
            return [str(n) if isinstance(n, (int, float)) else n for n in names]
        return names

    @model_validator(mode="after")
    def _names_differ(self) -> CourseConfig:
        if not self.names:
            raise ValueError("names: give at least one class")
        keys = {name_key(name): name for name in self.names}
        if len(keys) < len(self.names) or "" in keys:
            raise ValueError("names: two classes have the same name (case, spaces and accents do not count)")
        for name, others in self.aliases.items():
            if name not in self.names:
                raise ValueError(f"aliases: {name!r} is not one of the names")
            for other in others:
                if keys.get(name_key(other), name) != name:
                    raise ValueError(f"aliases: {other!r} is the name of another class")
        return self
