"""Feedback sheets: what they say, what they show, and that they depend on nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.artifacts.wording import LANGUAGES, Language, catalogue, words
from labtools.core.files import hash_bytes
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.visible import visible
from labtools.prepare.labels.written import read_labels
from labtools.prepare.output.sheets.counts import MEASURES, count
from labtools.prepare.output.sheets.drawing import MOST_BYTES
from labtools.prepare.output.sheets.kinds import kinds_of, places
from labtools.prepare.output.sheets.render import code, plain, render
from labtools.prepare.output.sheets.writing import findings_by_root, plan_sheets, sheet_stem, write_sheets
from labtools.prepare.parts import Part, with_tables

Picture = Callable[..., bytes]
NAMES = ("ballon", "velo")
LABEL = "0 0.500000 0.500000 0.250000 0.500000\n"


def part(team: str, frames: int = 6, class_folder: str = "ballon", label: str = LABEL) -> Part:
    """Two sequences of as many frames; the last two frames of the second are val and test."""
    rows = [(sequence, frame) for sequence in (1, 2) for frame in range(frames)]
    source = [f"{class_folder}/{team}/{s}/images/frame_{f:06d}.jpg" for s, f in rows]
    split = ["train"] * (len(rows) - 2) + ["val", "test"]
    n = len(rows)
    columns = Part(
        f"{class_folder}/{team}", class_folder, team,
        image=tuple(f"images/{class_folder}/{team}/{s}/frame_{f:06d}.jpg" for s, f in rows), source=tuple(source),
        sequence=tuple(str(s) for s, _ in rows), frame=tuple(f for _, f in rows), split=tuple(split),
        state=("boxes",) * n, width=(64,) * n, height=(48,) * n, label=(label,) * n,
        hash=tuple(hash_bytes(f"{team}{row}".encode()) for row in rows), phash=(0,) * n, tone=(0,) * n,
    )  # fmt: skip
    return with_tables(columns)


def found(
    file: str, code: str, severity: Severity = Severity.ERROR, line: int = 0, team: str = "bleus",
    message: str = "what it is", action: Action = Action.LEFT_OUT, question: Question | None = None,
) -> Finding:  # fmt: skip
    return Finding(team, file, line, code, severity, message, action, question)


def sheet(findings: list[Finding], language: Language = "en", one: Part | None = None) -> str:
    one = part("bleus") if one is None else one
    text = render(plan_sheets([one], findings, NAMES)[sheet_stem(one.class_folder, one.team)], language)
    return text.replace("\u00a0", " ")


@pytest.fixture
def dataset(tmp_path: Path, picture: Picture) -> Path:
    """The pictures of a team on disk."""
    for number, image in enumerate(part("bleus").image):
        path = tmp_path / "data" / image
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number, (64, 48)))
    return tmp_path / "data"


def test_a_team_without_findings_is_told_so() -> None:
    english, french = sheet([]), sheet([], "fr")
    assert "nothing to fix" in english and "rien à corriger" in french
    assert "All 12 pictures" in english and "Les 12 images" in french
    assert "To fix" not in english and "To look at" not in english and "What was repaired" not in english
    assert "| pictures | 10 | 1 | 1 | 12 |" in english and "| images | 10 | 1 | 1 | 12 |" in french


def test_the_class_is_called_as_in_the_course() -> None:
    one = replace(part("bleus", class_folder="telephone"), root="Téléphones/Les Bleus ")
    text = render(plan_sheets([one], [], ("Téléphone",))["telephone__bleus"], "fr")
    assert text.startswith("# Les Bleus, classe Téléphone\n\nBonjour Les Bleus,")
    alone = replace(one, class_folder="", root="")
    assert render(plan_sheets([alone], [], ("x",))["bleus"], "en").startswith("# bleus\n\nHello bleus, here is")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FINDINGS = st.builds(
    Finding, st.just("bleus"), TEXT.map("ballon/bleus/{}".format), st.integers(0, 3),
    st.sampled_from([*catalogue("en"), "unheard-of"]), st.sampled_from(Severity), TEXT, st.sampled_from(Action),
    st.none() | st.builds(Question, TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple)),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(FINDINGS, max_size=20))
def test_any_findings_make_a_sheet(findings: list[Finding]) -> None:
    """Every kind that is grave is on it, as far as there is room."""
    for language in LANGUAGES:
        text = sheet(findings, language)
        errors = {f.code for f in findings if f.severity is Severity.ERROR}
        shown = sum(words(code, language).title.replace("\u00a0", " ") in text for code in errors)
        assert shown >= min(len(errors), 12)
        assert text.endswith("\n") and "\n\n\n" not in text


def test_errors_come_first_with_words_and_places() -> None:
    root = "ballon/bleus"
    findings = [
        found(
            f"{root}/1/labels/frame_000003.txt",
            "box-clipped",
            Severity.WARNING,
            2,
            action=Action.CLIPPED,
            message="the box reaches 3.00% beyond",
        ),
        found(f"{root}/train.txt", "list-spaces", Severity.INFO, 7, action=Action.REPAIRED),
        *(found(f"{root}/1/labels/frame_{n:06d}.txt", "label-bad-line", line=n + 1) for n in range(7)),
        found(root, "split-no-test", Severity.WARNING, message="the team gave no test split", action=Action.NOTED),
    ]
    text = sheet(findings)
    assert "**There is one thing to fix**" in text
    order = [text.index(title) for title in ("## To fix", "## To look at", "## What is fine", "## What was repaired")]
    assert order == sorted(order)
    assert "### 1. A label line that cannot be read (7)" in text
    assert "- `1/labels/frame_000000.txt:1`\n" in text and "and 2 more" in text
    assert text.count("`1/labels/frame_") == 5 + 1  # five places of seven, and that of the clipped box
    assert "no test split*" not in text  # the title says it
    assert "*the box reaches 3.00% beyond*" in text
    assert "| **Stray spaces around paths**. They were taken off. | 1 | `train.txt:7` |" in text
    assert "Your own split is understood" not in text and "boxes that you drew" not in text
    assert root not in text  # paths are the team's own


def test_a_run_of_frames_is_one_place() -> None:
    rows = [found(f"b/t/1/frame_{n:06d}.jpg", "image-unlabelled") for n in (*range(10, 200, 2), 300, 7)]
    shown, more = places(kinds_of(rows)[0].findings, "b/t", 5)
    assert [(p.first, p.last, p.times) for p in shown] == [
        ("1/frame_000007.jpg", "", 1), ("1/frame_000010.jpg", "frame_000198.jpg", 95), ("1/frame_000300.jpg", "", 1),
    ]  # fmt: skip
    assert more == 0
    different = [replace(r, message=f"in {i}") for i, r in enumerate(rows)]
    assert len(places(different, "b/t", 5)[0]) == 5 and places(different, "b/t", 5)[1] == len(rows) - 5


def test_no_flood() -> None:
    """A thousand kinds and places stay a page that somebody reads."""
    findings = [
        found(f"ballon/bleus/{n}/x_{n}.txt", f"kind-{k}", message=f"{n}", severity=severity)
        for k in range(60)
        for n in range(40)
        for severity in [list(Severity)[k % 3]]
    ]
    for language in LANGUAGES:
        text = sheet(findings, language)
        assert len(text.splitlines()) < 260
        assert text.count("### ") == 12 + 3
        assert "findings.csv" in text


def test_questions_are_asked_once_with_their_options() -> None:
    question = Question("class-name:ballon/bleus:truc", "Which class is 'truc'?", ("ballon", "leave out"))
    rows = [
        found("ballon/bleus/a.txt", "class-name-unknown", line=n, action=Action.ASKED, question=question)
        for n in range(9)
    ]
    text = sheet(rows)
    assert text.count("Which class is 'truc'?") == 1
    assert "(possible answers: `ballon`, `leave out`)" in text
    assert "réponses possibles" in sheet(rows, "fr") and "Which class" not in sheet([])


def test_the_others_stand_beside() -> None:
    parts = [part("bleus", 6), part("rouges", 10), part("verts", 20), part("seul", 50, "velo")]
    text = render(plan_sheets(parts, [], NAMES)["ballon__bleus"], "en")
    assert "| beside the others | you | class ballon (3 teams) | everybody (4 teams) |" in text
    assert "| pictures | 12 | 20 | 30 |" in text  # medians of 12, 20, 40 and of 12, 20, 40, 100
    assert "| boxes per picture | 1 | 1 | 1 |" in text
    alone = render(plan_sheets(parts, [], NAMES)["velo__seul"], "fr")
    assert "classe velo (" not in alone and "tout le monde (4 équipes)" in alone
    assert "beside the others" not in sheet([])  # there are no others


def test_counts_by_hand() -> None:
    one = part("bleus", 1, label="1 0.500000 0.500000 0.500000 0.100000\n12 0.500000 0.500000 0.100000 0.100000\n")
    two = replace(one, label=(one.label[0], ""), state=("boxes", "unlabelled"), split=("train", "val"))
    counts = count(with_tables(two))
    assert (counts.pictures(), counts.pictures("val"), counts.pictures("val", "unlabelled")) == (2, 1, 1)
    assert counts.boxes == {"train": 2, "val": 0, "test": 0} and counts.classes == {1: 1, 12: 1}
    assert MEASURES == ("pictures", "boxes-per-picture", "state-unlabelled", "box-area", "train", "val", "test")
    assert counts.measures == pytest.approx((2, 1, 0.5, 0.03, 0.5, 0.5, 0))


def test_labels_read_at_fixed_places_are_those_that_numpy_parses() -> None:
    rng = np.random.default_rng(3)
    rows = [(int(rng.choice([0, 7, 16, 123])), *rng.choice([0.0, 1.0, *rng.random(4)], 4)) for _ in range(300)]
    text = "".join(f"{c} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for c, x, y, w, h in rows)
    for one in (text, text + "4 0.5 0.5 0.25 0.25\n", text + "4 0.500000 0.500000 10.250000 0.250000\n", ""):
        parsed = np.array([line.split() for line in one.splitlines()], dtype=float).reshape(-1, 5)
        ids, areas = read_labels(one)
        assert ids.tolist() == parsed[:, 0].astype(int).tolist()
        assert areas == pytest.approx(parsed[:, 3] * parsed[:, 4], abs=1e-12)


def test_pictures_of_the_first_problems(dataset: Path) -> None:
    root = "ballon/bleus"
    findings = [
        found(f"{root}/1/labels/frame_000002.txt", "label-bad-line", line=1),
        *(found(f"{root}/2/images/frame_{n:06d}.jpg", "image-unlabelled", Severity.WARNING) for n in (2, 3, 4)),
        found(f"{root}/1/labels/frame_000009.txt", "annotation-without-image", Severity.WARNING),
    ]
    write_sheets(dataset, [part("bleus")], findings, NAMES)
    english = (dataset / "teams/ballon__bleus.md").read_text(encoding="utf-8")
    links = re.findall(r"!\[[^]]*\]\((pictures/[^)]+)\)", english)
    french = (dataset / "teams/ballon__bleus.fr.md").read_text(encoding="utf-8")
    assert links == re.findall(r"\]\((pictures/[^)]+)\)", french) and len(links) == 2
    assert "`1/frame_000002.jpg`" in english
    assert "`2/frame_000001.jpg`, **`2/frame_000002.jpg`**, `2/frame_000003.jpg`" in english
    sizes = [cv2.imread(str(dataset / "teams" / link)).shape for link in links]
    assert sizes[1][1] > 2.5 * sizes[0][1] * 280 / 400  # three side by side
    assert {p.name for p in (dataset / "teams/pictures").iterdir()} == {link.partition("/")[2] for link in links}


def test_second_pictures_are_of_another_sequence() -> None:
    rows = [
        found(f"ballon/bleus/{sequence}/labels/frame_{n:06d}.txt", "label-bad-line", line=1)
        for sequence in (1, 2)
        for n in range(5)
    ]
    plan = plan_sheets([part("bleus")], rows, NAMES)["ballon__bleus"]
    assert [drawing.panels[0].image.split("/")[-2] for drawing in plan.drawings] == ["1", "2"]
    many = [found(f"ballon/bleus/1/labels/frame_{n:06d}.txt", k, line=1) for n, k in enumerate(KINDS)]
    assert len(plan_sheets([part("bleus", 20)], many, NAMES)["ballon__bleus"].drawings) == 6


KINDS = [code for code, words in catalogue("en").items() if words.show == "picture"][:8]


def test_boxes_are_drawn_where_they_are(tmp_path: Path) -> None:
    """On a black picture, what is bright is the box's outline or its name."""
    one = part("bleus")
    for image in one.image:
        (tmp_path / image).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / image).write_bytes(cv2.imencode(".png", np.zeros((300, 400, 3), np.uint8))[1].tobytes())
    one = replace(one, width=(400,) * 12, height=(300,) * 12)
    write_sheets(tmp_path, [one], [found(one.source[0], "box-clipped", Severity.WARNING)], NAMES)
    (drawn,) = (tmp_path / "teams/pictures").iterdir()
    pixels = cv2.imread(str(drawn)).max(axis=2)
    assert pixels.shape == (300, 400)
    assert pixels[75:225, 150].min() > 60 and pixels[75:225, 250].min() > 60  # x 0.5 +- 0.125, y 0.5 +- 0.25
    assert pixels[80:220, 155:245].max() < 40 and pixels[:, 260:].max() < 40


def test_noise_fits_into_forty_kilobytes(dataset: Path, picture: Picture) -> None:
    one = part("bleus")
    one = replace(one, width=(2000,) * 12, height=(1500,) * 12)
    (dataset / one.image[0]).write_bytes(picture(5, (2000, 1500), quality=95))
    write_sheets(dataset, [one], [found(one.source[0], "box-clipped", Severity.WARNING)], NAMES)
    (drawn,) = (dataset / "teams/pictures").iterdir()
    assert 5_000 < drawn.stat().st_size <= MOST_BYTES


def test_the_same_twice_and_drawings_are_taken_over(dataset: Path, tmp_path: Path) -> None:
    findings = [found("ballon/bleus/1/labels/frame_000002.txt", "label-bad-line", line=1)]
    write_sheets(dataset, [part("bleus")], findings, NAMES)
    first = {p.name: p.read_bytes() for p in (dataset / "teams").rglob("*") if p.is_file()}
    other = tmp_path / "other"
    other.mkdir()  # without the pictures of the dataset: only taking over can show them
    write_sheets(other, [part("bleus")], findings, NAMES, before=dataset)
    assert first == {p.name: p.read_bytes() for p in (other / "teams").rglob("*") if p.is_file()}


def test_pictures_of_an_unchanged_team_are_still_in_the_dataset_of_before(dataset: Path, tmp_path: Path) -> None:
    findings = [found("ballon/bleus/1/labels/frame_000002.txt", "label-bad-line", line=1)]
    (tmp_path / "other").mkdir()
    write_sheets(tmp_path / "other", [part("bleus")], findings, NAMES, before=dataset)
    assert len(list((tmp_path / "other/teams/pictures").iterdir())) == 1


def test_a_picture_that_opencv_cannot_decode_is_not_shown(dataset: Path) -> None:
    one = part("bleus")
    (dataset / one.image[0]).write_bytes(b"no picture at all")
    write_sheets(dataset, [one], [found(one.source[0], "box-clipped", Severity.WARNING)], NAMES)
    assert "](pictures/" not in (dataset / "teams/ballon__bleus.md").read_text(encoding="utf-8")


def test_twins_stand_side_by_side(dataset: Path) -> None:
    one = part("bleus")
    one = replace(one, hash=(*one.hash[:-1], one.hash[0]))
    plan = plan_sheets([one], [found(one.source[-1], "image-twice-across-splits")], NAMES)["ballon__bleus"]
    (drawing,) = plan.drawings
    assert [panel.image for panel in drawing.panels] == [one.image[0], one.image[-1]]
    assert all(panel.is_meant for panel in drawing.panels)
    assert "`1/frame_000000.jpg` (train), `2/frame_000005.jpg` (test)" in render(plan, "en")


def test_two_teams_of_one_name_keep_their_findings_apart() -> None:
    parts = [part("bleus"), part("bleus", class_folder="velo")]
    findings = [
        found("velo/bleus/1/images/a.jpg", "image-empty"),
        found("train.txt", "list-absent"),  # signed with the name of both
        found("ballon/README", "junk", team=""),  # nobody's
    ]
    mine = findings_by_root(parts, findings)
    assert [f.code for f in mine["ballon/bleus"]] == ["list-absent"]
    assert [f.code for f in mine["velo/bleus"]] == ["image-empty", "list-absent"]
    assert set(plan_sheets(parts, findings, NAMES)) == {"ballon__bleus", "velo__bleus"}


def test_a_sheet_hangs_on_its_own_team_and_on_medians_only() -> None:
    parts = [part("bleus"), part("rouges"), part("verts")]
    mine = [found("ballon/bleus/1/labels/frame_000002.txt", "label-bad-line", line=1)]
    theirs = [found("ballon/rouges/x.zip", "archive-unreadable", team="rouges")]
    one, other = plan_sheets(parts, mine, NAMES), plan_sheets(parts, mine + theirs, NAMES)
    assert render(one["ballon__bleus"], "en") == render(other["ballon__bleus"], "en")
    assert render(one["ballon__rouges"], "en") != render(other["ballon__rouges"], "en")


def test_nothing_usable_is_said_with_what_stood_in_the_way() -> None:
    empty = Part("ballon/bleus", "ballon", "bleus")
    text = sheet([found("ballon/bleus/tout.rar", "archive-unsupported")], one=empty)
    assert "**Nothing of it is in the dataset yet.**" in text and "`tout.rar`" in text
    assert "What is fine" not in text and "Your numbers" not in text


@pytest.mark.parametrize(
    ("verdict", "english", "french"),
    [
        ("leaky", "No: 90% of your val and test", "Non : 90"),
        ("time blocks", "Partly", "En partie"),
        ("sequence-wise", "Yes: no sequence", "Oui : aucune"),
        ("look-alikes", "Nearly", "Presque"),
        ("separate pictures", "no neighbouring frames", "pas les images voisines"),
        ("nothing to compare", "", ""),
    ],
)
def test_leakage_is_told(verdict: str, english: str, french: str) -> None:
    row = {
        "level": "team", "class_folder": "ballon", "team": "bleus", "split": "val+test", "verdict": verdict,
        "near_look": 0.4, "within_30": 0.95, "within_5": 0.2, "neighbour": 0.9, "exact": 2,
    }  # fmt: skip
    plan = plan_sheets([part("bleus")], [], NAMES, [row, {**row, "split": "val", "verdict": "leaky"}])["ballon__bleus"]
    for language, expected in (("en", english), ("fr", french)):
        text = render(plan, language).replace("\u00a0", " ")
        assert expected in text
        assert ("Is your split honest?" in text or "Votre découpage est-il honnête ?" in text) == bool(expected)


def test_every_verdict_of_the_summary_has_a_sentence() -> None:
    from labtools.artifacts.leakage import VERDICTS

    row = {"level": "team", "class_folder": "ballon", "team": "bleus", "split": "val+test", "exact": 0}
    shares = dict.fromkeys(("near_look", "within_5", "within_30", "neighbour"), float("nan"))
    for verdict in VERDICTS:
        plan = plan_sheets([part("bleus")], [], NAMES, [{**row, **shares, "verdict": verdict}])
        assert all(render(one, language) for one in plan.values() for language in LANGUAGES)


LINKS = ("see www.evil.example", "](javascript:alert(1))", "![x](x.png)", "<javascript:alert(1)>")
STEERING = ("a\x1b[31mb", "a\u202eb", "a\udcffb")


@pytest.mark.parametrize(
    "team", ["*a*_b_", "a|b", "<script>x", "a`b", "a``b`", "[x](y)", "ça va\nbien", "_", *LINKS, *STEERING]
)
def test_hostile_names_stay_text(team: str) -> None:
    markdown = pytest.importorskip("markdown_it")
    one = replace(part("t"), root=f"ballon/{team}", team="t")
    findings = [
        found(f"ballon/{team}/{team}.txt", "label-bad-line", team="t", message=f"{team}0"),
        found(f"ballon/{team}/{team}.txt", "list-spaces", Severity.INFO, team="t", action=Action.REPAIRED),
    ]
    html = markdown.MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(sheet(findings, one=one))
    shown = " ".join(visible(team).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"<h1>{shown}, class ballon</h1>" in html
    assert f"<em>{shown}0</em>" in html
    assert html.count(f"<code>{shown}.txt</code>") == 2
    assert "<script" not in html and "<a " not in html
    assert not re.search(
        r"https?:/|www\.", plain(f"{team} https://evil.example")
    )  # GitHub and mail programs make links of these
    assert plain("les_bleus 2 - tic") == "les_bleus 2 - tic" and code("a_b") == "`a_b`"
