"""Label files that are not quite what they should be, and annotations that are not there."""

from __future__ import annotations

import random
import re

from defects.cohort import Box, Shot, Team

Rng = random.Random


def tabs_and_blanks(team: Team, rng: Rng) -> None:
    """Tabs, double blanks, blank lines, CRLF, a blank at the end, no-break spaces."""
    team.rewrite_labels(lambda t: "\r\n" + t.replace(" ", " \t ").replace("\n", "\u00a0 \r\n \r\n"))


def no_final_newline(team: Team, rng: Rng) -> None:
    """The last line has no end."""
    team.rewrite_labels(lambda t: t.rstrip("\n"))


def lines_of_an_old_mac(team: Team, rng: Rng) -> None:
    """CR alone between the lines."""
    team.rewrite_labels(lambda t: t.replace("\n", "\r"))


def labels_with_a_bom(team: Team, rng: Rng) -> None:
    """A byte-order mark before the class id."""
    team.rewrite_labels(lambda t: t.encode("utf-8-sig"))


def labels_in_utf16(team: Team, rng: Rng) -> None:
    """UTF-16 out of PowerShell."""
    team.rewrite_labels(lambda t: t.encode("utf-16"))


def labels_in_utf16_without_a_mark(team: Team, rng: Rng) -> None:
    """The same, and the mark is lost."""
    team.rewrite_labels(lambda t: t.encode("utf-16-le"))


def decimal_commas(team: Team, rng: Rng) -> None:
    """0 0,5 0,5 0,2 0,3"""
    team.rewrite_labels(lambda t: t.replace(".", ","))


def commas_between(team: Team, rng: Rng) -> None:
    """0,0.5,0.5,0.2,0.3"""
    team.rewrite_labels(lambda t: t.replace(" ", ","))


def commas_and_blanks_between(team: Team, rng: Rng) -> None:
    """0, 0.5, 0.5, 0.2, 0.3"""
    team.rewrite_labels(lambda t: t.replace(" ", ", "))


def semicolons_between(team: Team, rng: Rng) -> None:
    """0;0.5;0.5;0.2;0.3"""
    team.rewrite_labels(lambda t: t.replace(" ", ";"))


def semicolons_and_decimal_commas(team: Team, rng: Rng) -> None:
    """0;0,5;0,5;0,2;0,3: a French spreadsheet."""
    team.rewrite_labels(lambda t: t.replace(".", ",").replace(" ", ";"))


def semicolons_at_the_ends(team: Team, rng: Rng) -> None:
    """0 0.5 0.5 0.2 0.3;"""
    team.rewrite_labels(lambda t: t.replace("\n", ";\n"))


def a_confidence_behind(team: Team, rng: Rng) -> None:
    """Six columns: a model's own predictions, handed in as labels."""
    team.rewrite_labels(lambda t: t.replace("\n", " 0.8731\n"))


def a_track_id_behind(team: Team, rng: Rng) -> None:
    """Six columns: the number of a track."""
    team.rewrite_labels(lambda t: t.replace("\n", " 12\n"))


def ids_with_a_decimal_point(team: Team, rng: Rng) -> None:
    """0.0 0.5 ...: numpy.savetxt"""
    team.rewrite_labels(lambda t: re.sub(r"^0 ", "0.000000 ", t, flags=re.MULTILINE))


def numbers_of_numpy(team: Team, rng: Rng) -> None:
    """0.000000000000000000e+00 5.00000e-01 ..."""
    team.rewrite_labels(lambda t: re.sub(r"[\d.]+", lambda m: f"{float(m[0]):.10e}", t))


def signs_before_numbers(team: Team, rng: Rng) -> None:
    """+0.5 and .5"""
    team.rewrite_labels(lambda t: t.replace(" 0.", " +."))


def brackets_around(team: Team, rng: Rng) -> None:
    """[0, 0.5, 0.5, 0.2, 0.3]: a printed list; no line may become another box."""
    team.rewrite_labels(lambda t: "".join(f"[{', '.join(line.split())}]\n" for line in t.splitlines()))
    for shot in team.shots:
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect(file="labels")


def a_header_line(team: Team, rng: Rng) -> None:
    """class x_center y_center width height: said, and the boxes below it are read."""
    team.rewrite_labels(lambda t: "class x_center y_center width height\n" + t)


def comment_lines(team: Team, rng: Rng) -> None:
    """# drawn by Zoé"""
    team.rewrite_labels(lambda t: "# drawn by Zoé\n" + t)


def each_box_twice(team: Team, rng: Rng) -> None:
    """Saved twice: each box once."""
    team.rewrite_labels(lambda t: t + t)


def each_box_almost_twice(team: Team, rng: Rng) -> None:
    """Saved twice with one digit less: still one box."""
    team.rewrite_labels(lambda t: t + re.sub(r"(\.\d{5})\d", r"\1", t))


def _in_pixels(shot: Shot) -> str:
    return "".join(
        f"0 {(b.x1 + b.x2) / 2:g} {(b.y1 + b.y2) / 2:g} {b.x2 - b.x1:g} {b.y2 - b.y1:g}\n" for b in shot.boxes
    )


def centres_in_pixels(team: Team, rng: Rng) -> None:
    """0 64 48 20 30: not divided by the picture's size."""
    for shot in team.shots:
        team.write(team.label(shot), _in_pixels(shot))
    team.expect("pixel")


def corners_in_pixels(team: Team, rng: Rng) -> None:
    """0 x1 y1 x2 y2 in pixels: read so, or left out and said; never as centre and size."""
    for shot in team.shots:
        team.write(team.label(shot), "".join(f"0 {b.x1:g} {b.y1:g} {b.x2:g} {b.y2:g}\n" for b in shot.boxes))
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect("pixel")


def _line(shot: Shot, x1: float, y1: float, x2: float, y2: float) -> str:
    w, h = shot.wh
    return f"0 {(x1 + x2) / 2 / w:.6f} {(y1 + y2) / 2 / h:.6f} {(x2 - x1) / w:.6f} {(y2 - y1) / h:.6f}\n"


def _append(team: Team, shot: Shot, text: str) -> None:
    team.write(team.label(shot), team.label(shot).read_text(encoding="utf-8") + text)


def slightly_outside(team: Team, rng: Rng) -> None:
    """A box that reaches three pixels over the right border: clipped."""
    for shot in team.sequences[0]:
        _append(team, shot, _line(shot, 100, 60, 131, 80))
        shot.boxes.append(Box(team.class_name, 100, 60, 128, 80))
    team.expect("beyond|clip|outside|border", "1/labels", "clipped")


def far_outside(team: Team, rng: Rng) -> None:
    """A box wholly beyond the picture: left out."""
    shot = team[1, 1]
    _append(team, shot, "0 1.400000 0.500000 0.200000 0.200000\n")
    team.expect("outside|beyond", "1/labels/frame_000001.txt", "left out")


def zero_area(team: Team, rng: Rng) -> None:
    """A click instead of a drag: width 0."""
    shot = team[1, 1]
    _append(team, shot, "0 0.500000 0.500000 0.000000 0.200000\n0 0.5 0.5 0 0\n")
    team.expect("area|zero|size", "1/labels/frame_000001.txt", "left out")


def negative_sizes(team: Team, rng: Rng) -> None:
    """Width and height with a minus sign: drawn from the lower right."""
    shot = team[1, 1]
    team.write(team.label(shot), re.sub(r"(\S+) (\S+)$", r"-\1 -\2", team.label(shot).read_text().strip()) + "\n")
    team.expect("negative|sign", "1/labels/frame_000001.txt")


def no_numbers(team: Team, rng: Rng) -> None:
    """nan, inf and #N/A among good lines: those lines go, the good ones stay."""
    for shot in team.sequences[0]:
        _append(team, shot, "0 nan nan nan nan\n0 inf 0.5 0.1 0.1\n0 0.5 #N/A 0.1 0.1\n0 1e400 0.5 0.1 0.1\n")
    team.expect(file="1/labels/frame_000001.txt", action="left out")


def columns_missing(team: Team, rng: Rng) -> None:
    """A line of three columns, one of a single word: they go, the good ones stay."""
    for shot in team.sequences[0]:
        _append(team, shot, "0 0.5 0.5\nvelo\n0\n")
    team.expect(file="1/labels/frame_000001.txt", action="left out")


def a_line_cut_short(team: Team, rng: Rng) -> None:
    """The last line ends in the middle: that box is gone, the one before it stays."""
    for shot in team.sequences[1]:
        team.write(team.label(shot), team.label(shot).read_text(encoding="utf-8")[:-13])
        shot.boxes = shot.boxes[:1]
        team.expect(file=f"2/labels/{shot.path.stem}.txt")


def zero_bytes_within(team: Team, rng: Rng) -> None:
    """NUL characters behind the text: a disk that was full."""
    team.rewrite_labels(lambda t: t.encode() + bytes(64) if t else t)


def binary_labels(team: Team, rng: Rng) -> None:
    """One label file is a picture: said; its picture has no boxes then."""
    shot = team[1, 2]
    team.write(team.label(shot), shot.path.read_bytes())
    shot.boxes = []
    team.expect(file="1/labels/frame_000002.txt")


def label_without_a_picture(team: Team, rng: Rng) -> None:
    """A picture got lost on the way, its label is there."""
    shot = team[1, 2]
    shot.path.unlink()
    team.lose(shot, known_as=f"{team.place}/1/labels/frame_000002.txt")
    team.expect("no such picture|without", "1/labels/frame_000002.txt", "left out")


def one_label_is_missing(team: Team, rng: Rng) -> None:
    """A frame in the middle of a labelled video has no label: it is said of that frame."""
    shot = team[1, 3]
    team.label(shot).unlink()
    shot.boxes = []
    team.expect(file="1/images/frame_000003.jpg")


def annotation_stops(team: Team, rng: Rng) -> None:
    """From the middle of a sequence on there are no labels: forgotten, and it is said."""
    for shot in team.sequences[0][3:]:
        team.label(shot).unlink()
        shot.boxes = []
    team.expect("stop|forgot|unlabelled|no annotation|not annotated", "1/")


def annotation_stops_with_empty_files(team: Team, rng: Rng) -> None:
    """The same, but the tool wrote empty files: background, or forgotten; it is said."""
    for shot in team.sequences[0][3:]:
        team.write(team.label(shot), "")
        shot.boxes = []
    team.expect("stop|forgot|empty|suddenly|background", "1/")


def a_whole_sequence_unlabelled(team: Team, rng: Rng) -> None:
    """The labels of one sequence were never handed in."""
    for shot in team.sequences[1]:
        team.label(shot).unlink()
        shot.boxes = []
    team.label(team[2, 0]).parent.rmdir()
    team.expect("no annotation|unlabelled|no label|not annotated|forgot", "2")


def boxes_that_freeze(team: Team, rng: Rng) -> None:
    """A track that was forgotten: the same box in all frames of a sequence. Kept, and said."""
    first = team[1, 0]
    for shot in team.sequences[0]:
        team.write(team.label(shot), team.label(first).read_text(encoding="utf-8"))
        shot.boxes = list(first.boxes)
    team.expect("freez|froz|same place|same box|does not move|identical|still|unchanged", "1/")


def a_box_that_jumps(team: Team, rng: Rng) -> None:
    """In one frame the box is at the other end of the picture. Kept, and said."""
    shot = team[1, 3]
    shot.boxes = [Box(team.class_name, 96, 70, 126, 94)]
    team.write(team.label(shot), _line(shot, *shot.boxes[0][1:]))
    team.expect("jump|far from|elsewhere|neighbour", "1/")


def labels_named_like_png(team: Team, rng: Rng) -> None:
    """frame_000000.jpg.txt beside frame_000000.jpg"""
    for shot in team.shots:
        team.label(shot).rename(team.label(shot).with_name(f"{shot.path.name}.txt"))


def labels_in_capitals(team: Team, rng: Rng) -> None:
    """FRAME_000000.TXT"""
    for shot in team.shots:
        team.label(shot).rename(team.label(shot).with_name(f"{shot.path.stem.upper()}.TXT"))


def a_copy_of_the_labels(team: Team, rng: Rng) -> None:
    """`labels - Copie` beside labels, older: without the second object. Each box once, the complete one counts."""
    for shot in team.sequences[1]:
        text = team.label(shot).read_text(encoding="utf-8").splitlines(keepends=True)[0]
        team.write(f"2/labels - Copie/{shot.path.stem}.txt", text)
    team.expect("second time|twice|also|two", "2/labels - Copie")


def lines_run_together(team: Team, rng: Rng) -> None:
    """The line breaks got lost: ten numbers in a line. Read as two boxes, or left out and said."""
    for shot in team.sequences[1]:
        team.write(team.label(shot), team.label(shot).read_text(encoding="utf-8").replace("\n", " "))
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect(file="2/labels")


def labels_in_two_places(team: Team, rng: Rng) -> None:
    """The same label beside the picture and in labels: each box once."""
    for shot in team.shots:
        team.write(f"{shot.sequence}/images/{shot.path.stem}.txt", team.label(shot).read_bytes())


def every_label_is_empty(team: Team, rng: Rng) -> None:
    """All label files are empty: the export went wrong; it is said."""
    team.rewrite_labels(lambda t: "")
    for shot in team.shots:
        shot.boxes = []
    team.expect("empty|no box|background|annotat", "")


def no_labels_at_all(team: Team, rng: Rng) -> None:
    """The labels were forgotten: it is said."""
    team.drop_labels()
    for shot in team.shots:
        shot.boxes = []
    team.expect("no annotation|no label|unlabelled|not annotated")


def comments_behind(team: Team, rng: Rng) -> None:
    """0 0.5 0.5 0.2 0.3 # velo"""
    team.rewrite_labels(lambda t: t.replace("\n", " # velo\n"))


def numbers_with_a_percent_sign(team: Team, rng: Rng) -> None:
    """50.0% 50.0% 20% 30%: read so, or left out and said."""
    team.rewrite_labels(lambda t: re.sub(r"0\.\d+", lambda m: f"{float(m[0]) * 100:.4f}%", t))
    for shot in team.shots:
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect(file="labels")


def pixels_of_the_size_before_shrinking(team: Team, rng: Rng) -> None:
    """Centres in pixels of pictures five times as large: they cannot be right, left out and said."""
    for shot in team.shots:
        text = "".join(
            f"0 {(b.x1 + b.x2) * 2.5:g} {(b.y1 + b.y2) * 2.5:g} {(b.x2 - b.x1) * 5:g} {(b.y2 - b.y1) * 5:g}\n"
            for b in shot.boxes
        )
        team.write(team.label(shot), text)
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect("pixel|outside|0..1", "labels")


def one_pixel_and_one_share(team: Team, rng: Rng) -> None:
    """One member wrote pixels, the other shares, in one team."""
    for shot in team.sequences[1]:
        team.write(team.label(shot), _in_pixels(shot))
    team.expect("pixel", "2/labels")


def marks_within(team: Team, rng: Rng) -> None:
    """Two files with byte-order marks put together: one mark is in the middle."""
    team.rewrite_labels(lambda t: "".join(f"\ufeff{line}\n" for line in t.splitlines()))


def commas_for_everything(team: Team, rng: Rng) -> None:
    """0,0,5,0,5,0,2,0,3: decimal commas and commas between. Read so, or left out and said."""
    team.rewrite_labels(lambda t: t.replace(".", ",").replace(" ", ","))
    for shot in team.shots:
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect(file="labels")


def corners_as_shares(team: Team, rng: Rng) -> None:
    """0 x1 y1 x2 y2 in 0..1 instead of middle and size; many of them would leave the picture: it is said."""
    for shot in team.shots:
        w, h = shot.wh
        shot.boxes = [b._replace(x1=b.x1 + 60, x2=b.x2 + 60) if b.x2 < 60 else b for b in shot.boxes]
        lines = [f"0 {b.x1 / w:.6f} {b.y1 / h:.6f} {b.x2 / w:.6f} {b.y2 / h:.6f}\n" for b in shot.boxes]
        team.write(team.label(shot), "".join(lines))
        as_middles = [(b.x1 - b.x2 / 2, b.y1 - b.y2 / 2, b.x1 + b.x2 / 2, b.y1 + b.y2 / 2) for b in shot.boxes]
        clipped = [(max(0, a), max(0, c), min(w, d), min(h, e)) for a, c, d, e in as_middles]
        shot.maybe = [*shot.boxes, *(Box(team.class_name, *corners) for corners in clipped)]
        shot.boxes = []
    team.expect("corner|border|beyond", "labels")
