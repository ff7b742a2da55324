"""What the annotations of one submission say about its pictures: units, classes, boxes, then the videos as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labtools.core.findings import Finding
from labtools.prepare.answers import NO_ANSWERS, Answers
from labtools.prepare.formats import Record
from labtools.prepare.labels.annotations import Annotation, Annotator
from labtools.prepare.labels.classes import ClassTable
from labtools.prepare.labels.continuity import Frames, look_at_sequences
from labtools.prepare.labels.resolver import ClassResolver
from labtools.prepare.labels.units import settle_units
from labtools.prepare.layout.naming import frame_of
from labtools.prepare.layout.teams import Submission
from labtools.prepare.pictures.reader import Picture


def understand(
    submission: Submission,
    table: ClassTable,
    records: Sequence[Record],
    pictures: Mapping[str, Picture],
    sequences: Mapping[str, str],
    answers: Answers = NO_ANSWERS,
) -> tuple[dict[str, Annotation], list[Finding]]:
    """The annotation of each picture, and everything that was found on the way.

    Args:
        records: each about one of the pictures, or about none of them.
        pictures: those that come into the dataset, by path.
        sequences: the video of each picture.
    """
    about = [record for record in records if record.image in pictures]
    settled, findings = settle_units(about, pictures, submission.root, answers)
    resolver = ClassResolver(table, submission, settled, answers)
    annotator = Annotator(resolver, pictures)
    found = annotator.annotate(pictures, settled)
    states, seen = look_at_sequences(
        Frames(
            path=list(found),
            sequence=[sequences[path] for path in found],
            frame=[frame_of(path) for path in found],
            state=[one.state for one in found.values()],
            label=[one.label for one in found.values()],
            lost=[path in annotator.lost for path in found],
            hash=[pictures[path].hash for path in found],
        )
    )
    for (path, one), state in zip(list(found.items()), states, strict=True):
        if one.state != state:
            found[path] = one._replace(state=state)
    return found, [*findings, *annotator.findings, *resolver.findings(), *seen]
