"""A split for a team that gave none: by whole sequences, near the course's shares, the same in every run.

Frames of one video are near copies of each other, so whatever stands on both sides of a split is known by heart.
Hence whole sequences, as folders or file names tell them. With fewer than three there is no honest way: each side
gets a block of consecutive frames, so that only the frames at the two cuts have neighbours on the other side
(`SplitPolicy.gap` leaves some out there; by default none, as nothing that was handed in is to be lost unasked).
Copies of one picture (Roboflow's ``name.rf.<hash>``, equal bytes) are never divided.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

from labtools.artifacts.dataset import SPLITS
from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence
from labtools.prepare.config import SplitPolicy
from labtools.prepare.layout.references import source_stem
from labtools.prepare.sources.tree import folder_of, stem_of

_WORDS = "seq|sequence|video|vid|clip|film|scene|plan|take|part|partie|prise|rush|shot|mov"
_NAMED = re.compile(rf"(?:^|[^a-z])(?P<word>{_WORDS})[ ._-]?(?P<number>\d+|[a-z](?![a-z]))", re.IGNORECASE)
_SERIES = 3
"""From so many pictures on, names that differ only in their last number are a series: one recording, one batch."""


def frame_key(path: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts frame_2 before frame_10, and else as Python does.

    Not `labtools.core.names.natural_key`, which is for people's eyes: seeded splits hang on this order, and a split
    that was made once has to come out again.
    """
    return tuple((0, int(t)) if t.isdecimal() else (1, t) for t in re.split(r"(\d+)", path, flags=re.ASCII) if t)


def sequences_by_name(images: Sequence[str]) -> dict[str, str]:
    """The sequence of each picture as its file name tells it: ``seq1_frame_000001``, ``vid2_0001``, ``3-000017``.

    Empty where the names tell no sequences: a number or a letter behind a word for video in (almost) all of them, or
    in front of the frame's number; ``cat_001`` and ``dog_001`` are subjects, not videos.
    """
    stems = {path: source_stem(stem_of(path)) for path in images}
    named = {path: _NAMED.search(stem) for path, stem in stems.items()}
    if images and sum(match is not None for match in named.values()) >= 0.9 * len(images):
        return {p: slug(f"{m['word']}{_plain(m['number'])}") if m else "" for p, m in named.items()}
    series = {path: _series(stem) for path, stem in stems.items()}
    sizes = Counter(series.values())
    numbered = [name for name in sizes if re.search(r"\d", name)]
    if len(sizes) > 1 and len(numbered) == len(sizes) and min(sizes.values()) >= _SERIES:
        return series
    return {}


def _plain(number: str) -> str:
    return number.lstrip("0") or "0" if number.isdecimal() else number.lower()


def _series(stem: str) -> str:
    """A stem without its last number and the word for frame: ``3-frame_000017`` -> ``3``."""
    bare = re.sub(r"[ ._-]*\(?\d+\)?$", "", stem, flags=re.ASCII)
    return slug(re.sub(r"[ ._-]*(?:frame|img|image|photo)s?$", "", bare, flags=re.IGNORECASE))


def make_split(
    images: Sequence[str],
    sequences: Mapping[str, str],
    policy: SplitPolicy,
    root: str,
    twins: Mapping[str, Hashable] | None = None,
) -> tuple[dict[str, str], list[Finding]]:
    """The split of each picture, and the finding that says how it was made.

    Args:
        sequences: the sequence of each picture.
        twins: pictures with an equal value stay together (the hash of their bytes).
    """
    if not images:
        return {}, []
    members: dict[str, list[str]] = defaultdict(list)
    for path in images:
        members[sequences[path]].append(path)
    joined = _joined(members, twins or {})
    left: list[str] = []
    if len(joined) >= 3:
        of_sequence = share_sequences({name: len(paths) for name, paths in joined.items()}, policy, root)
        split = {path: of_sequence[name] for name, paths in joined.items() for path in paths}
        what = _made_of(_whole_sequences(of_sequence), split)
    else:
        split, left = _by_blocks(list(members.values()), policy, root, twins or {})
        how = Sentence("blocks in the order of the file names, as there are fewer than three sequences")
        what = _made_of(how, split)
        what = Sentence("{what}; where two blocks meet, neighbouring frames are on both sides", what=what)
        if policy.gap:
            what = Sentence("{what}, but for {n} left out at each cut", what=what, n=policy.gap)
    findings = [Finding("", root, 0, "split-made", Severity.WARNING, what, Action.REPAIRED)]
    gap = Sentence("lies between two blocks of the split that was made (split.gap)")
    findings += [Finding("", p, 0, "image-in-gap", Severity.INFO, gap, Action.LEFT_OUT) for p in left]
    return split, findings


def _made_of(how: Sentence, split: Mapping[str, str]) -> Sentence:
    counts = Counter(split.values())
    sizes = "/".join(str(counts[s]) for s in SPLITS)
    return Sentence("no split was handed in; made one of {how} ({sizes} pictures)", how=how, sizes=sizes)


def _whole_sequences(of_sequence: Mapping[str, str]) -> Sentence:
    ordered = sorted(of_sequence, key=frame_key)
    listed = {s: tuple(n for n in ordered if of_sequence[n] == s) or Sentence("none") for s in SPLITS}
    return Sentence(
        "whole sequences, train: {train}; val: {val}; test: {test}",
        train=listed["train"],
        val=listed["val"],
        test=listed["test"],
    )


def _joined(members: Mapping[str, Sequence[str]], twins: Mapping[str, Hashable]) -> dict[str, list[str]]:
    """Sequences, those that share a picture to the byte as one: ``2`` and ``4`` become ``2+4``."""
    ordered = sorted(members, key=frame_key)
    leaders = linked({name: [twins[p] for p in members[name] if p in twins] for name in ordered})
    groups: dict[str, list[str]] = defaultdict(list)
    for name in ordered:
        groups[leaders[name]].append(name)
    return {"+".join(names): [p for name in names for p in members[name]] for names in groups.values()}


def linked(keys: Mapping[str, Iterable[Hashable]]) -> dict[str, str]:
    """The first of all things that hang together with each one, directly or by others: those that share a key."""
    parent = {name: name for name in keys}

    def top(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    first: dict[Hashable, str] = {}
    for name, own in keys.items():
        for key in own:
            parent[top(name)] = top(first.setdefault(key, name))
    return {name: top(name) for name in keys}


def _by_blocks(
    sequences: Sequence[Sequence[str]], policy: SplitPolicy, root: str, twins: Mapping[str, Hashable]
) -> tuple[dict[str, str], list[str]]:
    """Blocks of consecutive pictures, and those left out between them.

    Series with different names (``air1``..., ``bird1``...) are cut one by one, so that each side sees every subject;
    pictures without any series are dealt at random.
    """
    split: dict[str, str] = {}
    left: list[str] = []
    rest: list[str] = []
    runs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for paths in sequences:
        for path in paths:
            runs[folder_of(path) if len(sequences) > 1 else "", _series(source_stem(stem_of(path)))].append(path)
    long = [run for run in runs.values() if len(run) > _SERIES]
    rest = [path for run in runs.values() if len(run) <= _SERIES for path in run]
    if len(sequences) > 1:  # two videos: one after the other, so that what is tested was hardly trained on
        long = [[path for run in long for path in sorted(run, key=frame_key)]] if long else []
    for run in long:
        blocks, between = _blocks(sorted(run, key=frame_key) if len(sequences) == 1 else run, policy)
        split |= blocks
        left += between
    shuffled = sorted(rest, key=frame_key)
    random.Random(f"{policy.seed}:{root}").shuffle(shuffled)  # noqa: S311  not a secret
    split |= _blocks(shuffled, policy.model_copy(update={"gap": 0}))[0]
    return _together(split, twins, policy), left


def _together(split: Mapping[str, str], twins: Mapping[str, Hashable], policy: SplitPolicy) -> dict[str, str]:
    """Copies of one picture on one side: that of the policy's first split among them."""
    leaders = linked(
        {path: [*source_keys(path), *([("twin", twins[path])] if path in twins else [])] for path in split}
    )
    groups: dict[str, set[str]] = defaultdict(set)
    for path, name in split.items():
        groups[leaders[path]].add(name)
    return {path: next(s for s in policy.priority if s in groups[leaders[path]]) for path in split}


def source_keys(path: str) -> list[Hashable]:
    """What the Roboflow copies of one picture have in common; nothing for any other picture."""
    return [("source", folder_of(path), source_stem(stem_of(path)))] if ".rf." in path else []


def _blocks(images: Sequence[str], policy: SplitPolicy) -> tuple[dict[str, str], list[str]]:
    """Consecutive blocks, none of them empty where there are pictures enough, and what the gaps leave out."""
    ends = cuts(len(images), policy.shares)
    gap = policy.gap if len(images) >= 10 * policy.gap else 0
    left = {i for cut in ends if 0 < cut < len(images) for i in range(cut, min(cut + gap, len(images)))}
    names = ["train"] * ends[0] + ["val"] * (ends[1] - ends[0]) + ["test"] * (len(images) - ends[1])
    split = {path: name for i, (path, name) in enumerate(zip(images, names, strict=True)) if i not in left}
    return split, [images[i] for i in sorted(left)]


def cuts(count: int, shares: Mapping[str, float]) -> tuple[int, int]:
    """Where training ends and where validation ends in so many pictures: near the shares, none of them empty
    if it is to have any and there are pictures enough."""
    train = round(count * shares["train"])
    val = round(count * (shares["train"] + shares["val"])) - train
    wanted = [s for s in SPLITS if shares[s] > 0]
    if count >= len(wanted):
        least = {s: int(s in wanted) for s in SPLITS}
        test = max(least["test"], count - train - val)
        val = min(max(least["val"], val), count - test - least["train"])
        train = count - test - val
    return train, train + val


def share_sequences(sizes: Mapping[str, int], policy: SplitPolicy, team: str) -> dict[str, str]:
    """Give each sequence to a split so that the pictures come near the policy's shares.

    Args:
        sizes: pictures per sequence.
        team: mixed into the seed, so that not every team tests on its last video.
    """
    return deal(sizes, policy.shares, f"{policy.seed}:{team}")


def deal(
    sizes: Mapping[str, int], shares: Mapping[str, float], seed: str, fixed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give whole units to splits, near the shares and none of them empty where that can be.

    Up to seven units every way is tried; more are dealt out, the largest first.

    Args:
        sizes: pictures per unit.
        shares: split -> part of all pictures; they add up to 1.
        seed: decides between ways that are equally near.
        fixed: units that have their split already.
    """
    fixed = fixed or {}
    names = sorted((name for name in sizes if name not in fixed), key=frame_key)
    random.Random(seed).shuffle(names)  # noqa: S311  not a secret
    wanted = [s for s in SPLITS if shares[s] > 0]
    total = sum(sizes.values())
    given = dict.fromkeys(SPLITS, 0)
    for name, split in fixed.items():
        given[split] += sizes[name]

    def miss(choice: Sequence[str]) -> float:
        got = dict(given)
        for name, split in zip(names, choice, strict=True):
            got[split] += sizes[name]
        empty = sum(1 for s in wanted if not got[s])
        return empty * 10 + sum((got[s] / total - shares[s]) ** 2 for s in wanted)

    if len(names) <= 7:
        best = min(itertools.product(wanted, repeat=len(names)), key=miss)
        return {**fixed, **dict(zip(names, best, strict=True))}
    result = dict(fixed)
    for name in sorted(names, key=lambda n: -sizes[n]):
        split = max(wanted, key=lambda s: shares[s] * total - given[s])
        result[name] = split
        given[split] += sizes[name]
    return result
